"""People: who they are, what they asked for, whether we may write to them. A library of its own.

It knows nothing of `flows`: a session, a clock, a key and a way to post a letter come as arguments.

pure    hygiene (addresses, names) -> links (signed tokens) -> cadence (who is due) -> consent (table of moves)
rows    people (found, added, changed) -> joining (the form and its limits) -> suppression (and erasure)
        roll (who gets this edition, and why somebody does not)
files   tables (CSV, whatever its form) -> rows (a row's meaning) -> batch -> transfer (in and out)
pages/  join, preferences, wishes, leave, data: one page a file; words in templates/subscribers/messages.CODE.toml

To change when a person is due: cadence. What a change of state leaves in her history: consent. A word on a
page, or a further language: one messages file. What an import may do to somebody who is here: batch.
"""
