"""A small, complete content of an edition, for pure tests."""

from flows.editions.seal import Content, ContentSection, Item

ITEM = Item(1, "A headline", "A blurb.", "https://orchid.example/1", "Orchid Lab", "Maren Okafor", 4)
OTHER = Item(2, "Another headline", "Another blurb.", "https://dryrun.example/2", "Dry Run", "", 3)
THIRD = Item(3, "A third headline", "A third blurb.", "https://marlstone.example/3", "Marlstone")
CONTENT = Content(
    newsletter="gradient-post",
    newsletter_name="The Gradient Post",
    tagline="Read for you",
    sender="The Gradient Post <post@gradient.press>",
    reply_to="",
    postal_address="Gradient Verlag, Hafenweg 9, 20457 Hamburg",
    list_id="gradient-post.gradient.press",
    language="en",
    accent="#b3261e",
    edition_id=4,
    number=12,
    slot="2026-11-23",
    subject="Models that know what they don’t know",
    preheader="Also: an audit",
    introduction="Good morning.",
    closing="Write to us.",
    sections=(
        ContentSection("Research", (ITEM, OTHER)),
        ContentSection("Safety", (THIRD,)),
    ),
    audience="everyone",
    template="t" * 64,
    send_at="2026-11-23T06:00:00+00:00",
)
