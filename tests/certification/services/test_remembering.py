from datetime import timedelta

import pytest
from django.utils import timezone

from certification.models import FileAnswer
from certification.services import remembering
from certification.services.remembering import FileAnswers

pytestmark = pytest.mark.django_db


def age(key, days):
    FileAnswer.objects.filter(key=key).update(used_on=timezone.localdate() - timedelta(days=days))


def test_what_was_remembered_is_recalled():
    memo = FileAnswers()
    memo.remember({"a": {"n": 1}, "b": {}})
    memo.remember({"a": {"n": 2}})
    assert memo.recall(["a", "b", "c"]) == {"a": {"n": 1}, "b": {}}
    assert memo.recall([]) == {}


def test_many_keys_are_asked_for_in_batches(django_assert_num_queries):
    memo = FileAnswers()
    keys = [f"{number}" for number in range(2_500)]
    memo.remember({key: {} for key in keys})
    with django_assert_num_queries(6):
        assert len(memo.recall(keys)) == 2_500


def test_what_nobody_uses_is_forgotten():
    memo = FileAnswers()
    memo.remember({"old": {}, "used": {}, "new": {}})
    age("old", 61)
    age("used", 61)
    memo.recall(["used"])
    assert remembering.forget() == 1
    assert set(memo.recall(["old", "used", "new"])) == {"used", "new"}


def test_the_oldest_go_when_there_are_too_many(monkeypatch):
    memo = FileAnswers()
    memo.remember({"a": {}, "b": {}, "c": {}})
    age("a", 2)
    age("b", 1)
    monkeypatch.setattr(remembering, "MAX_ROWS", 1)
    assert remembering.forget() == 2
    assert set(memo.recall(["a", "b", "c"])) == {"c"}
