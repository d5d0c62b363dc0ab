import assert from "node:assert/strict";
import test from "node:test";
import { slug } from "../app/slug.mjs";

test("a title becomes part of an address", () => assert.equal(slug("Lab Report: week 3"), "lab-report-week-3"));
