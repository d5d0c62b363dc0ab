import pytest
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_healthz():
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("answers, right", [("ab", 2), ("ac", 1), ("cc", 0)])
def test_grade(answers, right):
    reply = client.post("/grade", json={"key": ["a", "b"], "answers": list(answers)})
    assert reply.json() == {"right": right, "of": 2}


def test_wrong_length():
    assert client.post("/grade", json={"key": ["a"], "answers": []}).status_code == 422
