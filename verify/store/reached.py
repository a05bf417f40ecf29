"""What a value's behaviour rests on, read off the value itself: of a function its compiled code, what it
closes over, and every function, class and constant that it names, at any depth.

So a measure has a digest that a margin, a note or another claim of its file does not change. What cannot be
read (a module used as a value, a generator, code that looks names up) has none.
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import enum
import functools
import hashlib
import re
import sys
import types
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Set
from dataclasses import Field
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from importlib import import_module, metadata
from importlib.util import resolve_name
from pathlib import PurePath
from typing import Any

import numpy as np

from verify.store.imports import PACKAGES

__all__ = ["Reached", "UnreadCode"]

#: Of these the text is all there is to know.
_ATOMS = (
    type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range, slice,
    Fraction, Decimal, date, time, timedelta, np.dtype,
)  # fmt: skip
#: What these give depends on more than can be read.
_DYNAMIC = ("eval", "exec", "globals", "vars", "compile", "__import__", "input")
#: What a class holds besides what was written in it.
_OF_CLASSES = frozenset(
    {
        "__module__", "__qualname__", "__dict__", "__weakref__", "__doc__", "__annotations__",
        "__dataclass_params__", "__match_args__", "__abstractmethods__", "_abc_impl", "__firstlineno__",
        "__static_attributes__", "__annotate__", "__annotations_cache__", "__annotate_func__",
        "__parameters__", "__orig_bases__", "__slotnames__",
        # What sympy writes into a class of symbols, in an order of its own in every process.
        "_prop_handler", "default_assumptions", "_explicit_class_assumptions",
    }
)  # fmt: skip
_FIELD = ("name", "default", "default_factory", "init", "repr", "hash", "compare", "kw_only")


class UnreadCode(Exception):
    """A value whose behaviour cannot be told from what it holds; says which."""


class Reached:
    """Digests of values, for one set of modules that need not be looked into.

    Args:
        settled: modules whose source counts as a whole elsewhere: of their functions and classes the names
            are taken, with what functions close over.
    """

    def __init__(self, settled: Set[str]) -> None:
        self._settled = settled
        self._known: dict[int, tuple[str, tuple[Any, ...]]] = {}
        #: Values are known by address: none may be let go.
        self._held: list[Any] = []

    def digest(self, value: Any) -> str:
        """40 hexadecimal digits, equal in every process that runs the same code.

        Raises:
            UnreadCode: for what cannot be read.
        """
        hasher = hashlib.blake2b(digest_size=20)
        numbers: dict[int, int] = {}
        left = [value]
        while left:
            each = left.pop()
            if type(each) in _ATOMS:
                text: str = f"{type(each).__name__} {each!r}"
            elif id(each) in numbers:
                text = f"again {numbers[id(each)]}"
            else:
                numbers[id(each)] = len(numbers)
                text, parts = self._read(each)
                text = f"{len(parts)} {text}"
                left.extend(reversed(parts))
            data = text.encode("utf-8", "surrogatepass")
            hasher.update(len(data).to_bytes(8, "little") + data)
        return hasher.hexdigest()

    def _read(self, value: Any) -> tuple[str, tuple[Any, ...]]:
        known = self._known.get(id(value))
        if known is None:
            text, parts = self._told(value)
            known = self._known[id(value)] = text, tuple(parts)
            self._held.append(value)
        return known

    def _told(self, value: Any) -> tuple[str, Iterable[Any]]:
        """A text of the value, and the values that it rests on besides."""
        kind = type(value)
        if kind in (tuple, list):
            return kind.__name__, value
        if kind in (dict, types.MappingProxyType, OrderedDict):
            return kind.__name__, [part for pair in value.items() for part in pair]
        if kind in (set, frozenset):
            return f"{kind.__name__} {sorted(self.digest(item) for item in value)}", ()
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.ModuleType):
            return f"module {self._named(value.__name__, value)}", ()
        if isinstance(value, types.MethodType | staticmethod | classmethod):
            return kind.__name__, (value.__func__, getattr(value, "__self__", None))
        if isinstance(value, property):
            return "property", (value.fget, value.fset, value.fdel)
        if isinstance(value, functools.cached_property):
            return "cached", (value.func,)
        if isinstance(value, functools.partial):
            return "partial", (value.func, value.args, value.keywords)
        if isinstance(value, functools._lru_cache_wrapper):
            return "cached", (value.__wrapped__,)
        if isinstance(value, Field):
            return "field", [getattr(value, name, None) for name in _FIELD]
        if isinstance(value, re.Pattern | PurePath):
            return f"{kind.__name__} {getattr(value, 'pattern', value)!s} {getattr(value, 'flags', '')}", ()
        if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
            data = hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=20).hexdigest()
            return f"{kind.__name__} {value.dtype.str} {value.shape} {data}", ()
        if isinstance(value, enum.Enum):
            return f"member {value.name}", (kind,)
        if hasattr(value, "py_func") and kind.__module__.startswith("numba."):
            return "compiled", (value.targetoptions, value.py_func)
        if isinstance(value, types.BuiltinFunctionType | np.ufunc):
            own = getattr(value, "__self__", None)
            bound = () if own is None or isinstance(own, types.ModuleType) else (own,)
            return f"{getattr(value, '__module__', '')}.{value.__name__}", bound
        return self._instance(value)

    def _function(self, function: types.FunctionType) -> tuple[str, list[Any]]:
        parts: list[Any] = [function.__defaults__, function.__kwdefaults__, dict(vars(function))]
        for cell in function.__closure__ or ():
            try:
                parts.append(cell.cell_contents)
            except ValueError:  # not filled yet
                parts.append("empty")
        module = function.__globals__.get("__name__", "")
        if self._is_settled(module) and not function.__code__.co_filename.startswith("<"):
            return f"function {self._named(module)}.{function.__qualname__}", parts
        for name, value in self._names(function):
            parts += [name, value]
        return f"function {_code(function.__code__)}", parts

    def _names(self, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
        """What the code takes from outside: globals, attributes of the project's modules, imports."""
        known = function.__globals__
        for code in _codes(function.__code__):
            steps = [s for s in dis.get_instructions(code) if s.opname not in ("CACHE", "PUSH_NULL")]
            for k, step in enumerate(steps):
                if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
                    if step.argval in known:
                        value, name, k = known[step.argval], step.argval, k + 1
                        while isinstance(value, types.ModuleType) and self._walked(value.__name__):
                            if k == len(steps) or steps[k].opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                                break
                            name, value = f"{name}.{steps[k].argval}", getattr(value, steps[k].argval)
                            k += 1
                        yield name, value
                    elif step.argval in _DYNAMIC or not hasattr(builtins, step.argval):
                        raise UnreadCode(f"{function.__qualname__} uses {step.argval}")
                elif step.opname == "IMPORT_NAME":
                    yield from self._imported(function, steps, k)

    def _imported(self, function: Any, steps: list[Any], k: int) -> Iterator[tuple[str, Any]]:
        level = next((s.argval for s in reversed(steps[:k]) if isinstance(s.argval, int)), 0)
        package = function.__globals__.get("__package__") or ""
        origin = resolve_name("." * level + steps[k].argval, package) if level else steps[k].argval
        names = []
        while (k := k + 1) < len(steps) and not steps[k].opname.startswith("POP"):
            if steps[k].opname == "IMPORT_FROM":
                names.append(steps[k].argval)
            elif steps[k].opname == "IMPORT_NAME":
                break
        if not self._walked(origin) and origin.partition(".")[0] != "theory":
            yield self._named(origin), names
            return
        if not names:
            raise UnreadCode(f"{function.__qualname__} imports {origin} whole")
        module = import_module(origin)
        for name in names:
            yield f"{origin}.{name}", getattr(module, name)

    def _class(self, kind: type) -> tuple[str, list[Any]]:
        module = _module_of(kind)
        if not self._walked(module):
            return f"class {self._named(module)}.{kind.__qualname__}", []
        parts: list[Any] = [*kind.__bases__, type(kind)]
        for name, value in vars(kind).items():
            if name not in _OF_CLASSES and not isinstance(
                value, types.MemberDescriptorType | types.GetSetDescriptorType
            ):
                parts += [name, value]
        return f"class {module}.{kind.__qualname__}", parts

    def _instance(self, value: Any) -> tuple[str, list[Any]]:
        kind = type(value)
        module = _module_of(kind)
        root = module.partition(".")[0]
        if root == "sympy":
            args = getattr(value, "args", ())
            return f"{self._named('sympy')} {kind.__name__}" + ("" if args else f" {_leaf(value)}"), [*args]
        if root not in PACKAGES and not self._walked(module):
            name = _name_in(module, value)
            if name is not None:
                return f"{self._named(module)}.{name}", []
            try:
                made = value.__reduce_ex__(4)
            except Exception as error:
                raise UnreadCode(f"a {module}.{kind.__qualname__}: {error}") from None
            parts = (
                [list(p) if isinstance(p, Iterator) else p for p in made] if type(made) is tuple else [made]
            )
            return f"{self._named(module)}.{kind.__qualname__}", parts
        if hasattr(kind, "rests_on"):  # it stands for another value
            return "reference", [value.rests_on]
        state = dict(getattr(value, "__dict__", {}))
        for each in kind.__mro__:
            own = vars(each)
            slots = own.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, name) and name not in ("__dict__", "__weakref__"):
                    state[name] = getattr(value, name)
            for name in [n for n in state if isinstance(own.get(n), functools.cached_property)]:
                del state[name]  # follows from the others
        content: list[Any] = []
        plains: tuple[Any, ...] = (tuple, list, dict, str, int, float, bytes)
        for plain in plains:
            if isinstance(value, plain):
                content = [plain(value)]
                break
        return "instance", [kind, *content, *(p for name in sorted(state) for p in (name, state[name]))]

    def _is_settled(self, module: str) -> bool:
        return module in self._settled or not self._walked(module)

    def _walked(self, module: str) -> bool:
        """Whether its functions are looked into: the project's that do not count as a whole, and a user's."""
        if module in self._settled:
            return False
        root = module.partition(".")[0]
        return root in PACKAGES or not _of_library(root)

    def _named(self, module: str, found: Any = None) -> str:
        """A library's module with its version."""
        if found is not None and self._walked(module):
            raise UnreadCode(f"module {module} is used as a value")
        root = module.partition(".")[0]
        return module if root in PACKAGES or root in sys.stdlib_module_names else f"{module} {_version(root)}"


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _code(code: types.CodeType) -> str:
    """Compiled code without its place in a file."""
    shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    constants = [_constant(c) for c in code.co_consts]
    table = getattr(code, "co_exceptiontable", b"").hex()
    return f"{shape} {names} {constants} {code.co_code.hex()} {table}"


def _constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, frozenset):
        return f"frozenset {sorted(_constant(v) for v in value)}"
    if isinstance(value, tuple):
        return f"({', '.join(_constant(v) for v in value)})"
    return f"{type(value).__name__} {value!r}"


def _module_of(kind: type) -> str:
    module: Any = kind.__module__
    return module if isinstance(module, str) else type(kind).__module__  # compiled classes may have none


def _name_in(module: str, value: Any) -> str | None:
    """The name under which a library's module holds its own object (`scipy.stats.binom`): its state may be a
    new one in every process."""
    held = vars(sys.modules[module]) if module in sys.modules else {}
    return next((name for name, each in held.items() if each is value), None)


def _leaf(value: Any) -> str:
    from sympy import srepr

    return str(srepr(value))


@functools.cache
def _of_library(root: str) -> bool:
    """Whether a package is Python's own or installed: it enters with its version."""
    if root in sys.stdlib_module_names or root == "builtins":
        return root != "__main__"
    # A function may import what nothing has loaded yet; its digest is the same before and after.
    with contextlib.suppress(ImportError):
        import_module(root)
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return "site-packages" in PurePath(file).parts or "dist-packages" in PurePath(file).parts


@functools.cache
def _version(root: str) -> str:
    found = getattr(sys.modules.get(root), "__version__", None)
    if isinstance(found, str):
        return found
    names = metadata.packages_distributions().get(root, ())
    return " ".join(f"{name} {metadata.version(name)}" for name in names)
