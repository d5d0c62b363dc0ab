/** Points of one round: a streak counts double from its third hit on. */
export function score(hits) {
  let streak = 0;
  let points = 0;
  for (const hit of hits) {
    streak = hit ? streak + 1 : 0;
    points += hit ? (streak >= 3 ? 2 : 1) : 0;
  }
  return points;
}
