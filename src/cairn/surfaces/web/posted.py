"""What a page's script sends, as a model of it: nothing that is looked for by name stands in an address."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request

from cairn.errors import Invalid
from cairn.surfaces.http.arguments import wrong

Number = Annotated[int, Field(ge=0, lt=2**63)]
Sent = TypeVar("Sent", bound=BaseModel)


async def posted(request: Request, model: type[Sent]) -> Sent:
    """Return what was sent; raises Invalid for anything else."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise Invalid(wrong(error.errors())) from None
