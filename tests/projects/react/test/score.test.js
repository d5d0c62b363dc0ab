import assert from "node:assert/strict";
import test from "node:test";
import { score } from "../src/score.js";

test("hits count, misses do not", () => assert.equal(score([true, false, true]), 2));
test("a streak counts double from its third hit on", () => assert.equal(score([true, true, true, true]), 6));
