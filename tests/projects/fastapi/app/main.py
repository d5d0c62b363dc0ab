"""A service that grades answer sheets."""
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI(title="grading")


class Sheet(BaseModel):
    key: list[str]
    answers: list[str]


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/grade")
def grade(sheet: Sheet) -> dict[str, int]:
    if len(sheet.key) != len(sheet.answers):
        raise HTTPException(422, "as many answers as questions, please")
    right = sum(a == b for a, b in zip(sheet.key, sheet.answers))
    return {"right": right, "of": len(sheet.key)}
