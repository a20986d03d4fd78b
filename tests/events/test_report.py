"""Numbers of an edition count letters, not repetitions."""

import json
from collections.abc import Callable

from sqlalchemy import Engine

from flows.database import reading
from flows.events.parse import Came, parse
from flows.events.report import letters_by_kind
from flows.models import EventKind
from tests.events.conftest import MakeLetter
from tests.events.recorded import payload


def test_each_letter_counts_once_for_each_kind(
    engine: Engine, make_letter: MakeLetter, take: Callable[[Came], str]
) -> None:
    letters = [make_letter(f"d-{number}", f"r{number}@readers.example") for number in range(3)]
    make_letter("other", number=8)
    for delivery_id in ("d-0", "d-1", "d-2", "other"):
        for name, hour in (("send", 6), ("delivery", 6), ("click", 6), ("click", 7)):
            event = payload(f"event_{name}")
            event["mail"] |= {"messageId": f"ses-{delivery_id}", "tags": {"delivery": [delivery_id]}}
            event[name]["timestamp"] = f"2026-11-16T0{hour}:40:00.000Z"
            if (name, delivery_id) != ("delivery", "d-2"):
                take(parse(json.dumps(event))[0])
    with reading(engine) as session:
        counted = letters_by_kind(session, letters[0].edition_id)
    assert {kind: count for kind, count in counted.items() if count} == {
        EventKind.SEND: 3,
        EventKind.DELIVERY: 2,
        EventKind.CLICK: 3,
    }
    assert set(counted) == set(EventKind)
