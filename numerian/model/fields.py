"""The types of the inventory's fields: a reader for each, and what an editor shall know of it (JSON schema)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from numerian import addressing
from numerian.fault import Fault
from numerian.model.readers import (
    KEY_LIMIT,
    TEXT_LIMIT,
    as_list,
    as_text,
    day,
    decimal,
    degree,
    digits,
    flag,
    insee,
    matching,
    one_of,
    path,
    phone,
    siren,
    ssh_key,
    staff_login,
    through,
    weekly,
)


class OneOrMore:
    """Marks a list that may be written as one value."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}

    @staticmethod
    def read(value: object) -> object:
        """Return a list where a person wrote one value or a list of them."""
        if isinstance(value, dict):
            right = "write each value on a line that begins with a dash"
            raise Fault("a group of keys stands where a list belongs", right)
        return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Whole:
    """Marks a whole number in decimal digits within bounds (a leading zero changes nothing, as people read it)."""

    lowest: int
    highest: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest}

    def read(self, value: object) -> int:
        """Return the number, or raise `Fault`."""
        number = value if isinstance(value, int) and not isinstance(value, bool) else digits(as_text(value))
        if not self.lowest <= number <= self.highest:
            raise Fault(f"{number} is out of range", f"write a number from {self.lowest} to {self.highest}")
        return number


@dataclass(frozen=True)
class Decimals:
    """Marks a number with at most two decimals within bounds; a comma is one of a point's ways to be written."""

    lowest: float
    highest: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "number", "minimum": self.lowest, "maximum": self.highest}

    def read(self, value: object) -> float:
        """Return the number, or raise `Fault`."""
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else decimal(value)
        if not self.lowest <= number <= self.highest:
            raise Fault(
                f"{number:g} is out of range", f"write a number from {self.lowest:g} to {self.highest:g}, such as 0.5"
            )
        return number


@dataclass(frozen=True)
class Degrees:
    """Marks a longitude or a latitude (WGS 84), in degrees with at most six decimals."""

    highest: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "number", "minimum": -self.highest, "maximum": self.highest}

    def read(self, value: object) -> float:
        """Return the degrees, or raise `Fault`."""
        degrees = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else degree(value)
        if abs(degrees) > self.highest:
            right = f"write degrees from -{self.highest:g} to {self.highest:g}, such as 4.59887"
            raise Fault(f"{degrees:g} is out of range", right)
        return degrees


def _scalar(description: str, *, numbers: bool = False, **more: Any) -> WithJsonSchema:
    """Return the JSON schema of a text. `numbers`: an editor shall take it without quotes too."""
    kind: str | list[str] = ["string", "integer"] if numbers else "string"
    return WithJsonSchema({"type": kind, "description": description, "maxLength": TEXT_LIMIT, **more})


Text = Annotated[str, BeforeValidator(as_text), _scalar("One line of text, without hidden characters.")]
Named = Annotated[str, BeforeValidator(as_text), _scalar("What something is called; a code too.", numbers=True)]
Name = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z][a-z0-9-]{0,30}", "a name that is taken", "write small letters, digits and hyphens")
    ),
    _scalar("A name: small letters, digits and hyphens.", pattern="^[a-z][a-z0-9-]{0,30}$"),
]
Login = Annotated[
    str,
    BeforeValidator(
        matching(r"[a-z_][a-z0-9_-]{0,31}", "a user name", "write small letters, digits, hyphens and underscores")
    ),
    _scalar("A user name on servers.", pattern="^[a-z_][a-z0-9_-]{0,31}$"),
]
StaffLogin = Annotated[
    str,
    BeforeValidator(staff_login),
    _scalar("The user name of an operator on the servers.", pattern="^[a-z][a-z0-9_-]{0,30}$"),
]
Insee = Annotated[
    str,
    BeforeValidator(insee),
    _scalar("The INSEE code of a commune, with or without quotes.", numbers=True, pattern="^[0-9][0-9AB][0-9]{3}$"),
]
Siren = Annotated[
    str, BeforeValidator(siren), _scalar("A SIREN, with or without quotes.", numbers=True, pattern="^[0-9 ]{9,11}$")
]
DepartementCode = Annotated[
    str,
    BeforeValidator(matching(r"[0-9][0-9AB][0-9]?", "the code of a département", "write it like 07")),
    _scalar("The code of a département.", numbers=True, pattern="^[0-9][0-9AB][0-9]?$"),
]
Phone = Annotated[
    str,
    BeforeValidator(phone),
    _scalar("A French telephone number, with or without quotes.", numbers=True, pattern="^[0-9+ .()-]+$"),
]
Email = Annotated[
    str,
    BeforeValidator(through(addressing.email)),
    _scalar("An e-mail address of a function.", pattern="^[^@ ]+@[^@ ]+$"),
]
Domain = Annotated[
    str,
    BeforeValidator(through(addressing.domain)),
    _scalar("A domain name without www.; accents are fine.", pattern="^[^ /@:]+\\.[^ /@:.]+\\.?$"),
]
Suffix = Annotated[
    str,
    BeforeValidator(through(addressing.ascii_domain)),
    _scalar("The end of a domain name, without a dot before it.", pattern="^[^ /@:.][^ /@:]*$"),
]
Url = Annotated[
    str, BeforeValidator(through(addressing.url)), _scalar("A web address.", pattern="^[Hh][Tt][Tt][Pp][Ss]?://[^ ]+$")
]
HostAddress = Annotated[
    str, BeforeValidator(through(addressing.host)), _scalar("An IP address or a host name.", pattern="^[^ /@]+$")
]
PublicAddress = Annotated[
    str,
    BeforeValidator(through(addressing.public_address)),
    _scalar("An IPv4 or IPv6 address.", pattern="^[0-9A-Fa-f.:]+$"),
]
SshKey = Annotated[str, BeforeValidator(ssh_key), _scalar("A public key, as in a .pub file.", maxLength=KEY_LIMIT)]
FilePath = Annotated[
    Path,
    BeforeValidator(path),
    _scalar("A path, relative to the file that it is written in.", pattern="^[A-Za-z0-9._/~@+-]+$"),
]
Flag = Annotated[bool, BeforeValidator(flag)]
Day = Annotated[date, BeforeValidator(day), _scalar("A date: year-month-day.", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Weekly = Annotated[
    str,
    BeforeValidator(weekly),
    _scalar("A day of the week and a time, once a week.", pattern="^[A-Za-z]+ [0-9]{1,2} ?[:h] ?[0-9]{2}$"),
]
Canonical = Annotated[
    Literal["www", "bare"],
    BeforeValidator(one_of("www", "bare")),
]
_LINES = {
    "description": "Lines of text.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": ["string", "object"]}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
}
Lines = Annotated[tuple[Text, ...], BeforeValidator(as_list), WithJsonSchema(_LINES)]
