"""What a user asks for on the command line: images, flips, network, training; checked before anything is
trained."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from simulation.images.errors import DataError
from simulation.images.flips import FLIP_KINDS, flip, rates_by_class
from simulation.images.images import Images
from simulation.images.load import load_images, parse_data
from simulation.images.task import Recipe

__all__ = ["Request", "parser", "request_of"]


#: `--probe-flip` without a number.
_OWN_CHOICE = -1.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise DataError(f"images: {message}")


@dataclass(frozen=True)
class Request:
    """A checked request.

    Args:
        images: the chosen classes, without flips of the tool's own.
        rates, kind: flips to inject, by class; all 0 where labels are taken as they are.
        real: whether `images` has observed labels of its own beside true ones.
        audit: whether labels are taken as they are and audited. probe_rate: share of them to flip as probes;
            None: the audit's own choice. matched: whether an answer `unlike` is followed by a second round.
        recipe, validation, seeds, first_seed, device, attribution, out, resume, plan, text: as given.
    """

    images: Images
    rates: tuple[float, ...]
    kind: str
    real: bool
    audit: bool
    probe_rate: float | None
    matched: bool
    recipe: Recipe
    validation: float
    seeds: int
    first_seed: int
    device: str
    attribution: str
    out: Path
    resume: Path | None
    plan: bool
    plot: Path | None
    text: str

    @property
    def flipped(self) -> bool:
        """Whether the wrong labels are known."""
        return self.real or max(self.rates) > 0

    def labelled(self, seed: int) -> Images:
        """The images with the observed labels of a seed."""
        if self.real or max(self.rates) == 0:
            return self.images
        return flip(self.images, self.rates, self.kind, seed)


def parser(program: str) -> argparse.ArgumentParser:
    """The options, the same for both programs."""
    one = program == "simulation"
    p = _Parser(prog=f"python -m {program} images", description=_ONE if one else _MANY)
    p.add_argument(
        "--data", default="digits", help="digits, mnist5k, fashion, or cifar10|cifar100|idx|npz|folder:PATH"
    )
    p.add_argument("--classes", help="names joined by commas; default 3,8 for digits, else all")
    p.add_argument(
        "--flip", help="flip rate, or one a class (.1,.3); default .2 where labels are known to be right"
    )
    p.add_argument("--flip-kind", default="symmetric", choices=FLIP_KINDS)
    p.add_argument(
        "--observed", type=Path, help="observed labels of a real noisy set: .npy, .csv or CIFAR-10N's .pt"
    )
    p.add_argument("--observed-key", default="worse_label", help="array of a .pt")
    p.add_argument(
        "--probe-flip",
        type=float,
        nargs="?",
        const=_OWN_CHOICE,
        metavar="RATE",
        help="labels as they are, right or wrong unknown: flip a few (RATE, default 5 to 10 %%) as probes, "
        "and audit",
    )
    p.add_argument(
        "--model",
        default="cnn",
        help="cnn, mlp, mlp_dropout, paper, vgg11, resnet18 or FILE.py:NAME (your own code)",
    )
    p.add_argument("--optimizer", default="sgd", choices=("sgd", "adam"))
    p.add_argument("--lr", type=float, help="default .05 (audit: .02)")
    p.add_argument("--momentum", type=float, default=0.9)
    p.add_argument("--batch", help="images a step, or full; default 32 (audit: 64)")
    p.add_argument("--steps", type=int, help="default 1000 (audit: 1500)")
    p.add_argument("--val", type=float, default=0.2, help="share of validation images")
    p.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    p.add_argument(
        "--size", type=int, help="side of a folder's pictures (default: 32, or theirs where all are smaller)"
    )
    p.add_argument(
        "--mode", default="RGB", choices=("RGB", "L"), help="colour or grey, of a folder's pictures"
    )
    p.add_argument("--transpose", action="store_true", help="swap rows and columns (EMNIST)")
    if one:
        p.add_argument("--seed", type=int, default=0)
        p.add_argument("--plot", type=Path, help="picture of the run")
    else:
        p.add_argument(
            "--seeds", type=int, default=16, help="runs; flips, split, weights and batches vary together"
        )
        p.add_argument(
            "--matched",
            action="store_true",
            help="after `unlike`: a second round of an audit, twice the time",
        )
        p.add_argument("--attribution", default="none", choices=("none", "gradient", "shap"))
        p.add_argument("--out", type=Path, default=Path("reports/images"), help="folder of the report")
        p.add_argument("--resume", type=Path, metavar="DIR", help="keep finished runs there and reuse them")
        p.add_argument("--plan", action="store_true", help="forecast and sizes needed, before any training")
    return p


_ONE = "Train once on images with flipped labels and say what happened."
_MANY = (
    "Is there a Stage I on these images, where to stop, what does selection keep: several runs and a report."
)


def request_of(argv: Sequence[str], program: str = "verify") -> Request:
    """The request in the arguments.

    Raises:
        DataError: wrong input, in one line that names the option.
    """
    given = parser(program).parse_args(list(argv))
    images = _images(given)
    rates = _rates(given, images)
    real = given.observed is not None
    model = _model(given.model)
    probe = given.probe_flip
    if probe is not None and probe != _OWN_CHOICE and not 0 < probe <= 0.3:
        raise DataError(f"--probe-flip must lie in (0, 0.3], was {probe}")
    if getattr(given, "matched", False) and probe is None:
        raise DataError("--matched is the second round of an audit: it goes with --probe-flip")
    # An audit needs a calm Stage I: smaller steps, larger batches, and long enough to see it end.
    lr, batch_text, steps = (0.02, "64", 1500) if probe is not None else (0.05, "32", 1000)
    lr = lr if given.lr is None else given.lr
    batch_text = given.batch or batch_text
    batch = 0 if batch_text == "full" else _whole("--batch", batch_text)
    if batch_text != "full" and batch < 1:
        raise DataError(f"--batch must be at least 1 (or full), was {batch_text}")
    steps = steps if given.steps is None else given.steps
    recipe = Recipe(model, given.optimizer, lr, given.momentum, batch, steps)
    if not 0 <= given.val <= 0.5:
        raise DataError(f"--val must lie in [0, 0.5], was {given.val}")
    seeds = getattr(given, "seeds", 1)
    if seeds < 1:
        raise DataError(f"--seeds must be at least 1, was {seeds}")
    first = getattr(given, "seed", 0)
    if first < 0:
        raise DataError(f"--seed must be at least 0, was {first}")
    return Request(
        images=images,
        rates=rates,
        kind=given.flip_kind,
        real=real,
        audit=probe is not None,
        probe_rate=None if probe == _OWN_CHOICE else probe,
        matched=getattr(given, "matched", False),
        recipe=recipe,
        validation=given.val,
        seeds=seeds,
        first_seed=first,
        device=_device(given.device),
        attribution=_attribution(getattr(given, "attribution", "none")),
        out=getattr(given, "out", Path(".")),
        resume=getattr(given, "resume", None),
        plan=getattr(given, "plan", False),
        plot=getattr(given, "plot", None),
        text=" ".join(argv) or "(defaults)",
    )


#: Networks that take pictures of any side, and the side for the others.
_ANY_SIZE, _DEEP_SIDE = ("cnn", "mlp", "mlp_dropout", "paper"), 32


def _images(given: argparse.Namespace) -> Images:
    kind, path = parse_data(given.data)
    classes = given.classes or ("3,8" if kind in ("digits", "mnist5k") else None)
    names = None if classes in (None, "all") else [c.strip() for c in classes.split(",")]
    observed = given.observed
    # Deep networks, and perhaps a user's own, halve their input five times.
    size = given.size if given.size is not None else (None if given.model in _ANY_SIZE else _DEEP_SIDE)
    images = load_images(
        kind, path, None if observed else names, size=size, mode=given.mode, transpose=given.transpose
    )
    if observed is not None:
        from simulation.images.images import choose_classes
        from simulation.images.sources.observed import with_observed

        images = with_observed(images, observed, given.observed_key)
        if names is not None:
            images = choose_classes(images, names)
    return images


def _rates(given: argparse.Namespace, images: Images) -> tuple[float, ...]:
    if given.observed is not None or given.probe_flip is not None:
        if given.flip is not None:
            raise DataError(
                "--flip goes neither with --observed nor with --probe-flip: labels are as they are"
            )
        return (0.0,) * images.k
    text = given.flip if given.flip is not None else "0.2"
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        raise DataError(f"--flip must be a rate or rates joined by commas, was {text!r}") from None
    return rates_by_class(rates, images.k)


def _model(text: str) -> str | Callable[..., Any]:
    from simulation.images.nets.build import NETS

    file, colon, name = text.rpartition(":")
    if not colon:
        if text not in NETS:
            raise DataError(f"--model must be one of {', '.join(NETS)} or FILE.py:NAME, was {text!r}")
        return text
    import importlib.util

    path = Path(file)
    if not path.is_file() or path.suffix != ".py":
        raise DataError(f"--model {text}: no such Python file: {file}")
    spec = importlib.util.spec_from_file_location(f"user_network_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)  # the user's own code, named by her as such
    except Exception as error:
        raise DataError(f"--model {text}: does not import: {type(error).__name__}: {error}") from None
    build = getattr(module, name, None)
    if not callable(build):
        raise DataError(f"--model {text}: {file} has no function {name}")
    found: Callable[..., Any] = build
    return found


def _attribution(kind: str) -> str:
    if kind == "shap":
        import importlib.util

        if importlib.util.find_spec("shap") is None:
            raise DataError("--attribution shap needs shap: pip install shap; or take --attribution gradient")
    return kind


def _device(name: str) -> str:
    if name == "cpu":
        return name
    import torch

    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise DataError("--device cuda: there is no CUDA device")
    return "cuda" if there else "cpu"


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(f"{option} must be a whole number, was {text!r}") from None
