"""Pages that stand where an article should: "not found", cookie and sign-in walls, pages that only a browser fills."""

import re

_FEWEST_WORDS = 25
_MOST_WORDS = 150  # a page with more has an article, whatever it asks for beside it
_NOT_FOUND = re.compile(
    r"(?:(?:http |error |fehler |erreur )?(?:404|410)\b.*"
    r"|(?:.*\W)?(?:page|post|article|content|site)(?: you requested| requested)? (?:was |is |could |can ?)?not"
    r"(?: be)? found\b.*|not found|oops\b.*|seite nicht gefunden\b.*|page (?:introuvable|non trouvée)\b.*"
    r"|página no encontrada\b.*|página não encontrada\b.*|pagina non trovata\b.*"
    r"|nie znaleziono strony\b.*|strona nie istnieje\b.*|страница не найдена\b.*|页面不存在.*"
    r"|(?:お探しの)?ページ(?:が|は)見つかりません.*)",
    re.I | re.S,
)
_ROBOTS = re.compile(
    r"are you (?:a )?(?:human|robot)|not a robot|unusual (?:traffic|activity)|verif(?:y|ying) (?:that )?you(?:'re| are)"
    r"|captcha|checking your browser|security check|access denied|just a moment|attention required",
    re.I,
)
_SCRIPTS = re.compile(
    r"(?:enable|activate|turn on|requires?|needs?|aktivieren sie|activer|activa|włącz)\b.{0,40}\bjava ?script"
    r"|java ?script.{0,40}\b(?:disabled|required|enabled|deaktiviert|désactivé|wyłączon)",
    re.I,
)
_COOKIES = re.compile(
    r"\bcookies?\b|\bconsent|\bGDPR\b|privacy (?:policy|settings|notice|choices)|your privacy|personali[sz]ed (?:ads|"
    r"content)|datenschutz|einwilligung|confidentialité|privacidad|privacidade|ciasteczk|prywatnoś",
    re.I,
)
_SIGN_IN = re.compile(
    r"\b(?:log|sign) ?in\b|\bsign ?up\b|\bregister\b|\b(?:create|have) an? (?:free )?account\b|\bpassword\b"
    r"|\bsubscri(?:be|bers?|ption)\b|\bmembers? only\b|\banmelden\b|\bpasswort\b|se connecter|abonnez|iniciar sesión"
    r"|suscríbe|zaloguj|subskryb",
    re.I,
)
_REASONS = (
    (_ROBOTS, "the site wants to know whether a person asks, and shows us no article"),
    (_SCRIPTS, "the page is filled by scripts in a browser; what the server sends holds no article"),
    (_COOKIES, "the site shows a notice about cookies where the article should be"),
    (_SIGN_IN, "the site asks to sign in or to subscribe before it shows the article"),
)


def says_not_found(title: str, words: int) -> bool:
    """Whether a page is the site's "404", sent as if all were well; `words` are those of its main text."""
    return words <= _MOST_WORDS and bool(_NOT_FOUND.fullmatch(title[:200].strip()))


def no_text(text: str, words: int, *, title: str, wants_password: bool) -> str:
    """Why `text`, which is the main text of a page, is no article; "" if it may be one."""
    if words > _MOST_WORDS:
        return ""
    for pattern, reason in _REASONS:
        if 2 * _words_about(pattern, text) > len(text.split()) or (words < _FEWEST_WORDS and pattern.search(text)):
            return reason
    if words >= _FEWEST_WORDS:
        return ""
    if wants_password:
        return _REASONS[-1][1]
    if _ROBOTS.search(title[:200]):
        return _REASONS[0][1]
    return "nothing on it reads like an article; it may be filled by scripts, or hold a film or pictures alone"


def _words_about(pattern: re.Pattern[str], text: str) -> int:
    """The words of the sentences that speak of it."""
    sentences = re.split(r"(?<=[.!?…])\s|\n", text)
    return sum(len(sentence.split()) for sentence in sentences if pattern.search(sentence))
