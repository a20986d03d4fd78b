"""`masthead explain` and `masthead backtest`: why a story stands where it stands, and how good the ranking is."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from flows.commands.common import DATA, AsJson, Data, house, print_json, say, show

Number = Annotated[int, typer.Argument(max=2**31 - 1, help="Number of the edition.")]
Wish = Annotated[str, typer.Argument(metavar="STORY", help="Words of its headline, its place as #3, or its id.")]
_NAMES = {
    "candidate": "what was learned now",
    "in_use": "version {version}, in use",
    "rules": "the rules",
    "source_record": "the sources’ record",
    "recency": "newest first",
}


def register(app: typer.Typer) -> None:
    """Put both on the top level of `masthead`."""
    app.command()(explain)
    app.command()(backtest)


def explain(edition: Number, story: Wish, data: Data = DATA, as_json: AsJson = False) -> None:
    """Explain why a story stands where it stands: each part of its score, its chance, and what became of it.

    JSON: one document with edition, story, source, link, place, of, score, chance, tier, channel, decision,
    decided_by, skip_reason, ranker_version, parts (name, points, value, weight, words), flags, claims and told_by.
    """
    from flows.database import reading
    from flows.editions.explaining import explain_item, find_item
    from flows.editions.store import edition_by_number

    opened = house(data)
    with reading(opened.engine) as session:
        found = edition_by_number(session, edition)
        document = explain_item(session, found, find_item(session, found, story))
    if as_json:
        print_json(document)
        return
    say(f"“{document['story']}” ({document['source']}), no. {document['edition']}")
    chance = "" if document["chance"] is None else f"; the chance of being chosen was {document['chance']:.0%}"
    ranked = "the rules" if document["ranker_version"] == 1 else f"version {document['ranker_version']}"
    say(f"Place {document['place']} of {document['of']}, by {ranked}: {document['score']:.2f} points{chance}.")
    say(f"Came in by the channel “{document['channel']}”; tier “{document['tier']}”; {_became(document)}.\n")
    show(
        [{**part, "points": f"{part['points']:+.2f}"} for part in document["parts"]],
        ["points", "name", "value", "weight", "words"],
        as_json=False,
        nothing="No part moved its score.",
    )
    for claim in document["claims"]:
        by = f" (confirmed by {claim['by']})" if claim.get("by") else ""
        say(f"Not in the article: {claim['kind']} “{claim['text']}” in the {claim['field']}. {claim['why']}{by}")
    for flag in document["flags"]:
        say(f"Flagged: {flag['words']}")
    if len(document["told_by"]) > 1:
        say("Told by:")
        for told in document["told_by"]:
            say(f"  {told['source']}: {told['title']}")


def _became(document: Mapping[str, Any]) -> str:
    by = f" by {document['decided_by']}" if document["decided_by"] else " by nobody but the ranking"
    why = f" ({document['skip_reason']})" if document["skip_reason"] else ""
    return "nobody has decided on it" if document["decision"] == "none" else f"{document['decision']}{by}{why}"


def backtest(data: Data = DATA, as_json: AsJson = False) -> None:
    """Judge the ranking on this newsletter's own past editions; nothing is registered and nothing changes.

    JSON: the evidence that `masthead learn` would store: measure, held_out, mean and interval by ranking,
    difference to each of the others, measures (honest_ndcg, recall), calibration, verdict.
    """
    from flows.editions.learning import judge_now

    opened = house(data)
    learned = judge_now(opened.engine, opened.settings, clock=opened.clock)
    if as_json:
        print_json(learned.backtest or {"editions": learned.editions, "verdict": learned.sentence})
        return
    if evidence := learned.backtest:
        show(_rows(evidence), ["ranking", "ndcg@10", "90 %", "recall", "against it"], as_json=False, nothing="")
    say(learned.sentence)


def _rows(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = []
    for name, mean in evidence["mean"].items():
        low, high = evidence["interval"][name]
        lead = evidence["difference"].get(name)
        rows.append(
            {
                "ranking": _NAMES.get(name, name).format(version=evidence["in_use_version"]),
                "ndcg@10": f"{mean:.3f}",
                "90 %": f"{low:.3f} to {high:.3f}",
                "recall": f"{evidence['measures'][name]['recall_of_chosen']['mean']:.3f}",
                "against it": f"{lead['mean']:+.3f} ({lead['low']:+.3f} to {lead['high']:+.3f})" if lead else "",
            }
        )
    return rows
