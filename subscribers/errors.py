"""What can go wrong with people and their wishes.

SubscribersError
├── AddressError       an address that we could never deliver to
├── ConsentError       a change that the state of a subscription does not allow
├── LinkError          a signed link that is changed, expired or meant for another purpose
├── TransferError      a file that cannot be imported or exported as it stands
└── TooManyRequests    a form used too often (list bombing, guessing)
"""


class SubscribersError(Exception):
    """Root of the tree; its text is a sentence for the person who reads it."""


class AddressError(SubscribersError):
    """The address as typed, and why mail to it cannot be delivered."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"“{address[:80]}” is not an address we can deliver to: {reason}")
        self.address = address
        self.reason = reason


class ConsentError(SubscribersError):
    """A change that the state of a subscription does not allow."""


class LinkError(SubscribersError):
    """A signed link that must not be honoured. The page shown never tells which rule it broke."""


class TransferError(SubscribersError):
    """A file to import or export, and what to change in it."""


class TooManyRequests(SubscribersError):  # noqa: N818 - named as the status it becomes (429)
    """A form used too often."""
