"""Masthead: from feeds to letters. This is the map of the house; `subscribers/` is the house next door.

    collect   < articles/   sources | fetch (guarded) | read (in a child) | clean | identify | pages  > new articles
    curate    < stories/    articles | cluster | measure | rank | explain | blurb                  > a draft edition
    (a person) < editions/  the desk: choose, skip, order, edit, preview | preflight | seal        > an approved edition
    deliver   < letters/    freeze the audience | claim | personalise | submit | send | settle     > letters, a receipt
    listen    < events/     SQS | parse | effect                                                   > what became of them
    learn     < editions/   decisions | fit | back-test                                            > a ranker, waiting
    tidy      < upkeep      what has expired, who fell silent

Arrows point one way (import-linter holds them):
    cli, commands -> demo -> serving, doctor -> up -> app, timetable, engine, samples
    -> the verbs -> house, upkeep -> events -> letters -> editions -> stories -> articles
    -> schema -> database -> models -> settings -> errors, clock, parent -> subscribers
Only the verbs, `announcing` and `timetable` import Prefect; each is a thin flow over a function that does not.
The hand-over between verbs is a row in a table, never a call: any of them may be run again, at any time.

To change ...                                   open ...
  a setting, its default, unit and range         settings, newsletter
  a table                                        models/: newsletters articles stories editions team letters events
                                                 (columns), subscribers/models; then deploy/migrations (schema)
  an error's name or place                       errors
  which flow runs when                           timetable, announcing; the flows: collect curate deliver
                                                 listen learn tidy
  what `masthead …` offers                       cli, commands/: running sources editions ranking letters
                                                 people (common)
  how an installation is opened                  house (database, clock)
  what `up` and `demo` start and stop            up, serving, engine, parent; demo, samples (deploy/demo)
  what is missing before real sending            doctor
  which pages there are, and their headers       app

articles/  asking      guard lookup fetch way failures inflate retry_after; rhythm: how often; robots: whether
           reading     prolog charset parse > raw: swift (gathered dialect), or feedparser; jsonfeed plain discovery
           cleaning    clean tree blocks written; boilerplate phrases
           pages       page main_text page_head walls: where the feed gives only the beginning
           texts       measure tongue language_model: how long, in which language
           names       links tracking identify: one article, one name
           a process   child, process, readers (frames): reading happens where it may die; entry, read: what comes
           one round   collecting paging: fetch, read, write; writer
           the tables  store keep outcome pages
           seeing      health check findings signs saying; tending merging; opml importing
stories/   gathering   pieces words vectors decay expansion closeness linkage copies cluster best likeness;
                       regrouping (by hand); store
           ranking     features taste weights rank levers explain; candidates, history: what it is asked about
           the queue   channels exploring tiers: what comes in, what is tried, what is decided beforehand
           learning    fitting position calibration backtest measures bootstrap gate quality drift registry
           by hand     tuning (boosts, mutes, examples); safety taught: what a senior editor must see
           blurbs      sentences blurb; drafter answers budget: by a model
           grounding   grounding over claims figures misnamed quotations polarity; terms evidence numerals names_said
editions/  a draft     slot draft drafting draft_notices curating; known suggesting blurbs reranking
           afterwards  learning watching explaining; ranking_view ranking_evidence versions: what ranks, and why
                       missed lost: what was not run, and the step that lost it
           by hand     changes turning grouping checking claims
           the desk    desk/: door frame forms words views marking | sign_in home edition loading story decisions
                       answering previewing approving brake log missed ranking plot |
                       sources source adding merge lists upload outside chart
           the rules   workflow typed preflight forecast content differences seal approval brakes
           people      login sessions
           the tables  store
letters/   the look    render frame colour mjml press; templates/email
           the e-mail  letter headers; notes, post: single letters; viewer: the outbox in a browser
           the ledger  ledger (the rules) store audience lease seat insert
           a run       sending run pacing rehearsal closing notices; spill, recovery: after a crash
           the way out way_out transport outbox ses ses_errors
events/    coming in   sqs intake parse plain
           effects     effects store alarms forgetting
           counting    report; clicks bots places: who clicked which story, as people do
"""
