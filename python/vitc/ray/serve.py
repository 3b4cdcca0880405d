"""A service of Ray Serve: a picture in, its features out; requests that come together run together."""
from __future__ import annotations

import asyncio
import collections
import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .._errors import Error
from ..vision.features import Picker, run_each
from ..vision.images import MAX_PIXELS, ImageError, read_image
from ..vision.preprocess import Preprocess
from .library import Library, open_model

NPY = "application/x-npy"


def deployment(
    model: Any,
    *,
    picker: Picker | None = None,
    preprocess: Preprocess | None = None,
    max_batch_size: int = 8,
    batch_wait_timeout_s: float = 0.005,
    threads: int = 1,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = 32 << 20,
    compile_options: dict[str, Any] | None = None,
    **options: Any,
) -> serve.Application:
    """An application for `ray.serve.run`.

    model: as for `vitc.ray.features`; every machine that runs a replica must have the library at its path.
    picker: what is answered, by default the class token; Picker("whole") answers with a classifier's logits.
    max_batch_size, batch_wait_timeout_s: the model runs when so many images wait, or the first has waited for so long.
    threads: of a replica, and the CPUs that it takes. max_pixels, max_bytes: larger images, larger files are refused.
    compile_options: of `vitc.compile`, for an .onnx file.
    options: of Ray's deployments: name, num_replicas, autoscaling_config, ray_actor_options, user_config (with
        max_batch_size or batch_wait_timeout_s, to change them while it runs), …

    Over HTTP: POST with a file as the body, any that `read_image` reads. The answer is {"feature": [...], "shape": [...]}, or
    with the header `Accept: application/x-npy` a file of NumPy's. 400 says in {"error": ...} why an image cannot be used, 413
    that it is too large, 405 that it was no POST; GET tells of the replica, and how many batches of which size it ran. From
    Python, `handle.feature.remote(data)` gives the array, and raises an exception that is an Error.
    """
    for what, number, least in (("max_batch_size", max_batch_size, 1), ("batch_wait_timeout_s", batch_wait_timeout_s, 0),
                                ("threads", threads, 1), ("max_bytes", max_bytes, 1)):
        if not number >= least:
            raise Error(f"{what} is {number}; expected at least {least}")
    picker = picker or Picker()
    backbone = open_model(model, picker, compile_options or {})
    preprocess = preprocess or Preprocess(backbone.size or 224)
    # Ray's default, 5 requests of a replica at a time, would keep batches from filling; twice as many read while others run.
    settings = {"name": "vitc", "max_ongoing_requests": max(2 * max_batch_size, 8), **options,
                "ray_actor_options": {"num_cpus": threads, **options.get("ray_actor_options", {})}}
    library = Library.of(backbone, ship=False)
    return serve.deployment(Service).options(**settings).bind(library, picker, preprocess, threads, max_pixels, max_bytes,
                                                              max_batch_size, batch_wait_timeout_s)


class Service:
    """A replica. The model has run once, on as many images as it may at once, before the replica takes requests."""

    def __init__(self, library: Library, picker: Picker, preprocess: Preprocess, threads: int, max_pixels: int, max_bytes: int,
                 max_batch_size: int, batch_wait_timeout_s: float) -> None:
        self.backbone = library.open(threads)
        self.picker, self.preprocess = picker, preprocess
        self.max_pixels, self.max_bytes = max_pixels, max_bytes
        self.batches: collections.Counter[int] = collections.Counter()  # how many of each size
        self.reconfigure({"max_batch_size": max_batch_size, "batch_wait_timeout_s": batch_wait_timeout_s})
        self._probe = preprocess(np.zeros((256, 256, 3), np.uint8))
        run_each(self.backbone, picker, [self._probe] * max_batch_size)

    def reconfigure(self, config: dict[str, Any]) -> None:
        """Ray calls it with the deployment's user_config."""
        if "max_batch_size" in config:
            self._batched.set_max_batch_size(config["max_batch_size"])
        if "batch_wait_timeout_s" in config:
            self._batched.set_batch_wait_timeout_s(config["batch_wait_timeout_s"])

    async def check_health(self) -> None:
        """Ray asks now and then, and puts another in the place of a replica that raises or does not answer."""
        await asyncio.to_thread(run_each, self.backbone, self.picker, [self._probe])

    async def feature(self, data: bytes) -> NDArray[Any]:
        """Of an image file. Raises Error where it cannot be used."""
        pixels = await asyncio.to_thread(self._read, data)
        found = await self._batched(pixels)
        if isinstance(found, Error):
            raise found
        return found

    async def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"model": self.backbone.name, "feature": [self.picker.pick, self.picker.of],
                                 "preprocessing": self.preprocess.settings, "batches": dict(self.batches)})
        if request.method != "POST":
            return _refusal(405, f"{request.method}; expected POST with an image as the body", {"Allow": "GET, POST"})
        data = await self._body(request)
        if data is None:
            return _refusal(413, f"more than {self.max_bytes} bytes")
        try:
            feature = await self.feature(data)
        except Error as error:
            return _refusal(400, str(error))
        if NPY in request.headers.get("accept", ""):
            file = io.BytesIO()
            np.save(file, feature)
            return Response(file.getvalue(), media_type=NPY)
        # Numbers that are not finite have no JSON; null is what JavaScript makes of them.
        values = [value if np.isfinite(value) else None for value in feature.reshape(-1).tolist()]
        return Response(json.dumps({"shape": feature.shape, "feature": values}), media_type="application/json")

    async def _body(self, request: Request) -> bytes | None:
        """The body, or None where it is larger than is read."""
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self.max_bytes:
                return None
            parts.append(part)
        return b"".join(parts)

    def _read(self, data: bytes) -> NDArray[np.float32]:
        if not data:
            raise Error("the request: no bytes; expected an image as the body")
        try:
            return self.preprocess(read_image(io.BytesIO(data), max_pixels=self.max_pixels, name="the request"))
        except ImageError as error:
            raise Error(str(error)) from None  # which survives the way to a caller in another process

    @serve.batch
    async def _batched(self, inputs: list[NDArray[np.float32]]) -> list[NDArray[Any] | Error]:
        self.batches[len(inputs)] += 1
        return await asyncio.to_thread(self._run, inputs)

    def _run(self, inputs: list[NDArray[np.float32]]) -> list[NDArray[Any] | Error]:
        try:
            return run_each(self.backbone, self.picker, inputs)
        except Error as error:
            if len(inputs) == 1:
                return [error]
        # One image's size may be what the model cannot take: the others do not answer for it.
        return [found for image in inputs for found in self._run([image])]


def _refusal(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": why}, status, headers)
