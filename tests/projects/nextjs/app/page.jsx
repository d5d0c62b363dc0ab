import { slug } from "./slug.mjs";

const titles = ["Reading List", "Lab Report: week 3"];

export default function Page() {
  return (
    <main>
      <h1>Document shelf</h1>
      <ul>
        {titles.map((title) => (
          <li key={title}>
            <a href={`/documents/${slug(title)}`}>{title}</a>
          </li>
        ))}
      </ul>
    </main>
  );
}
