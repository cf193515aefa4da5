"""What all parts of a recipe have in common: nothing beyond what is named, and no guessing."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a recipe, as people write it in a target's arguments."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
