"""Every page and letter as a picture, and the two of the README: `uv run python -m tests.shots [FOLDER]`.

Runs a demo to its draft in a folder of its own, then opens each page in headless Chromium at 1280 and 390 px,
light and dark. With no FOLDER only the README's pictures are made, in deploy/pictures.
"""

import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from flows.app import create_app
from flows.database import transaction
from flows.demo import approve_and_send, prepare
from flows.editions.curating import curate_edition
from flows.editions.login import make_sign_in_link
from flows.house import House, open_house
from flows.models import User
from flows.samples import create_samples
from flows.settings import NewsletterSettings
from flows.up import PagesThread
from subscribers.links import Links
from subscribers.models import Subscriber
from tests.browser import open_browser

README = Path(__file__).resolve().parent.parent / "deploy" / "pictures"
WIDTHS = (1280, 390)
PORT = 28_808
AT_ONCE = NewsletterSettings(send_when_approved=True)


@dataclass(frozen=True)
class Look:
    """One way of looking: a width in pixels and a colour scheme."""

    width: int
    scheme: str

    @property
    def context(self) -> dict[str, Any]:
        return {"viewport": {"width": self.width, "height": 900}, "color_scheme": self.scheme}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    base = f"http://127.0.0.1:{PORT + 1}"
    with tempfile.TemporaryDirectory() as data:
        house = open_house(Path(data), port=PORT, allow_private_addresses=True, page_delay_s=0.0, newsletter=AT_ONCE)
        samples = PagesThread(create_samples(base, house.clock), "127.0.0.1", PORT + 1)
        pages = PagesThread(create_app(house), "127.0.0.1", PORT)
        samples.start()
        pages.start()
        try:
            _, edition_id = prepare(house, base, live=False, say=print)
            README.mkdir(exist_ok=True)
            desk_picture(house, edition_id)
            approve_and_send(house, edition_id, print)
            # A second draft, so that the desk has one in the making beside the edition that went out.
            curate_edition(house.engine, house.settings, clock=house.clock, progress=print)
            letter_picture(house)
            if folder:
                everything(house, folder)
        finally:
            pages.stop()
            samples.stop()


def sign_in(house: House, page: Any) -> None:
    with transaction(house.engine) as session:
        user = session.exec(select(User)).one()
        token = make_sign_in_link(session, user, now=house.clock(), ttl=timedelta(hours=1))
    page.goto(f"{house.settings.address}/sign-in/{token}")
    page.wait_for_url("**/desk")


def addresses(house: House) -> dict[str, str]:
    """Name of the picture -> path of the page."""
    with transaction(house.engine) as session:
        reader = session.exec(select(Subscriber).order_by(Subscriber.id)).first()
        assert reader
        links = Links(house.settings.key, house.settings.address)
        key = (reader.id or 0, house.settings.newsletter.slug, reader.link_generation)
        preferences, leave = links.preferences(*key), links.unsubscribe(*key)
    letter = max(house.settings.outbox.glob("[!n]*.eml"), key=lambda path: path.stat().st_size).name
    base = house.settings.address
    return {
        "desk": f"{base}/desk",
        "edition-sent": f"{base}/desk/editions/1",
        "edition-draft": f"{base}/desk/editions/2",
        "preview": f"{base}/desk/editions/2/preview",
        "approve": f"{base}/desk/editions/2/approve",
        "sources": f"{base}/desk/sources",
        "source": f"{base}/desk/sources/1",
        "sources-add": f"{base}/desk/sources/add",
        "sources-import": f"{base}/desk/sources/import",
        "sources-merge": f"{base}/desk/sources/2/merge",
        "ranking": f"{base}/desk/ranking",
        "missed": f"{base}/desk/missed",
        "log": f"{base}/desk/log",
        "outbox": f"{base}/outbox",
        "outbox-letter": f"{base}/outbox/{letter}",
        "letter": f"{base}/outbox/{letter}/html",
        "join": f"{base}/join",
        "preferences": preferences,
        "unsubscribe": leave,
        "sign-in": f"{base}/sign-in",
        "nothing-here": f"{base}/no-such-page",
    }


def desk_picture(house: House, edition_id: int | None) -> None:
    with open_browser(viewport={"width": 1280, "height": 1000}) as browser:
        page = browser.new_page()
        sign_in(house, page)
        shoot(page, f"{house.settings.address}/desk/editions/{edition_id}", README / "desk.png", full=False)


def letter_picture(house: House) -> None:
    with open_browser(viewport={"width": 760, "height": 1000}) as browser:
        shoot(browser.new_page(), addresses(house)["letter"], README / "edition.png", full=False)


def everything(house: House, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for look in [Look(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]:
        with open_browser(**look.context) as browser:
            page = browser.new_page()
            sign_in(house, page)
            for name, address in addresses(house).items():
                shoot(page, address, folder / f"{name}-{look.width}-{look.scheme}.png", full=True)


def shoot(page: Any, address: str, file: Path, *, full: bool) -> None:
    page.goto(address)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.screenshot(path=file, full_page=full)
    print(f"{file.name:<36} {file.stat().st_size / 1024:6.0f} KB" + (f"   OVERFLOWS by {over} px" if over > 0 else ""))


if __name__ == "__main__":
    main()
