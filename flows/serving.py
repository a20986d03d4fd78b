"""`masthead up`: the pages in this process, engine and timetable beside them, until someone says stop."""

from collections.abc import Callable

from flows.app import create_app
from flows.house import House
from flows.up import (
    PagesThread,
    ProcessTree,
    check_port,
    engine_children,
    only_one,
    until_stopped,
    wait,
)


def serve_until_stopped(house: House, say: Callable[[str], None], *, greeting: Callable[[], str]) -> int:
    """Serve the pages, say the greeting, run the timetable; stop all of it cleanly on Ctrl-C or SIGTERM."""
    with until_stopped() as stopped:
        pages = PagesThread(create_app(house), house.settings.host, house.settings.port)
        tree = ProcessTree(say)
        pages.start()
        try:
            say(greeting())
            for child in engine_children(house.settings):
                tree.start(child)
            wait(tree, stopped)
        finally:
            say("Stopping …")
            tree.stop()
            pages.stop()
    return 0


def run_up(house: House, say: Callable[[str], None]) -> int:
    """The installation as a whole. Raises SettingsError or DataFolderError before anything is started."""
    settings = house.settings
    with only_one(settings.data):
        check_port(settings.host, settings.port, "--port or the setting port")
        if not settings.prefect_api_url:
            check_port("127.0.0.1", settings.prefect_port, "the setting prefect_port")
        return serve_until_stopped(
            house,
            say,
            greeting=lambda: (
                f"\n  Desk      {settings.address}/desk   (a link to sign in: "
                f"masthead users link EMAIL --data {settings.data})\n"
                f"  Sign-up   {settings.address}/join\n\n"
                f"The timetable starts in about half a minute; its logs are in {settings.data / 'logs'}. "
                "Ctrl-C stops everything.\n"
            ),
        )
