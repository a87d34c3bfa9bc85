"""Convert the nsfwjs MobileNetV2 network to ONNX, once; the result lies in `moderation/weights/`.

Not needed to run anything: it documents where the committed weights come from and makes them again.

    npm pack nsfwjs@4.3.0 && tar xzf nsfwjs-4.3.0.tgz
    python -m moderation convert-nsfwjs package

Needs `node` and the Python package `onnx`. The network is a Keras layers model whose weights the
authors quantised to uint8; kernels are stored as those same bytes and expanded by the graph
itself, so the conversion loses nothing.

Shapes and units: input `pixels` (n, 224, 224, 3) float32 in [0, 1], RGB; outputs `scores` (n, 5), a
softmax over drawing, hentai, neutral, porn, sexy, and `features` (n, 1280), the pooled last layer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.errors import TrainingError

MODEL = "dist/models/mobilenet_v2"
_PRINT_JSON = "process.stdout.write(JSON.stringify(require(process.argv[1])))"

Array = npt.NDArray[Any]
Layer = Mapping[str, Any]


def convert(package: Path, out: Path) -> str:
    """Write `out`, an ONNX file, from an unpacked nsfwjs npm package, and return its SHA-256.

    Raises `TrainingError` when `package` is not what is expected or a tool is missing.
    """
    import onnx

    folder = (package / MODEL).resolve()
    description = _required(folder / "model.min.js")
    weights = _weights(description["weightsManifest"][0]["weights"], _required(folder / "group1-shard1of1.min.js"))
    graph = _Graph(weights)
    for layer in description["modelTopology"]["model_config"]["config"]["layers"]:
        graph.add(layer)
    model = graph.finished()
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    out.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Weight:
    """One stored tensor: its bytes and how they become numbers (value = stored * scale + low)."""

    stored: Array
    scale: float
    low: float

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The tensor as float32."""
        return (self.stored.astype(np.float32) * np.float32(self.scale) + np.float32(self.low)).astype(np.float32)


def _required(path: Path) -> Any:
    if not path.is_file():
        raise TrainingError(f"package: has no {MODEL}/{path.name}; unpack nsfwjs-4.3.0.tgz and give its folder")
    done = subprocess.run(["node", "-e", _PRINT_JSON, str(path)], capture_output=True, check=False)
    if done.returncode != 0:
        raise TrainingError(f"package: node cannot read {path.name}: {done.stderr.decode()[:200]}")
    return json.loads(done.stdout)


def _weights(manifest: list[Mapping[str, Any]], shard: str) -> dict[str, Weight]:
    """Cut the one base64 shard into named tensors, in the order of the manifest."""
    data, at, weights = base64.b64decode(shard), 0, {}
    for entry in manifest:
        count = int(np.prod(entry["shape"]))
        quantised = entry["quantization"]
        kind = np.dtype(quantised["dtype"])
        stored = np.frombuffer(data, kind, count=count, offset=at).reshape(entry["shape"])
        weights[entry["name"]] = Weight(stored, float(quantised["scale"]), float(quantised["min"]))
        at += count * kind.itemsize
    if at != len(data):
        raise TrainingError(f"package: the weights have {len(data)} bytes, the manifest names {at}")
    return weights


@dataclass(slots=True)
class _Graph:
    """Translates Keras layers one by one; inside, tensors are channels-first as ONNX wants them."""

    weights: Mapping[str, Weight]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)  # Keras layer -> tensor

    def add(self, layer: Layer) -> None:
        """Append one layer; raises `TrainingError` for a kind this network is not known to have."""
        kind, name = layer["class_name"], layer["name"]
        inputs = [self.outputs[source[0]] for source in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
        translate: dict[str, Callable[[], str]] = {
            "InputLayer": lambda: self._node("Transpose", ["pixels"], name, perm=[0, 3, 1, 2]),
            "ZeroPadding2D": lambda: self._pad(inputs[0], layer),
            "Conv2D": lambda: self._conv(inputs[0], layer, f"{name}/kernel", group=1),
            "DepthwiseConv2D": lambda: self._conv(inputs[0], layer, f"{name}/depthwise_kernel", group=0),
            "BatchNormalization": lambda: self._norm(inputs[0], layer),
            "ReLU": lambda: self._relu(inputs[0], layer),
            "Add": lambda: self._node("Add", inputs, name),
            "AveragePooling2D": lambda: self._pool(inputs[0], layer),
            "Flatten": lambda: self._node("Flatten", inputs, "features"),
            "Dense": lambda: self._dense(inputs[0], layer),
            "Dropout": lambda: inputs[0],
        }
        if kind not in translate:
            raise TrainingError(f"package: the layer {name} is a {kind}, which this conversion does not know")
        self.outputs[name] = translate[kind]()

    def finished(self) -> Any:
        """The whole model; the last layer is the softmax over the five classes."""
        from onnx import TensorProto, helper

        last = list(self.outputs.values())[-1]
        self.nodes.append(helper.make_node("Identity", [last], ["scores"]))
        real, n = TensorProto.FLOAT, "n"
        graph = helper.make_graph(
            self.nodes,
            "nsfwjs-mobilenet-v2",
            [helper.make_tensor_value_info("pixels", real, [n, 224, 224, 3])],
            [
                helper.make_tensor_value_info("scores", real, [n, 5]),
                helper.make_tensor_value_info("features", real, [n, 1280]),
            ],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, values: Array, name: str) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _kernel(self, name: str, order: tuple[int, ...]) -> str:
        """A kernel kept as the authors' bytes and expanded by the graph, in the order of axes ONNX wants."""
        weight = self.weights[name]
        stored = self._constant(weight.stored.transpose(order), f"{name}:bytes")
        scale = self._constant(np.array([weight.scale], np.float32), f"{name}:scale")
        low = self._constant(np.array([weight.low], np.float32), f"{name}:low")
        from onnx import TensorProto

        numbers = self._node("Cast", [stored], f"{name}:numbers", to=TensorProto.FLOAT)
        return self._node("Add", [self._node("Mul", [numbers, scale], f"{name}:scaled"), low], f"{name}:kernel")

    def _pad(self, source: str, layer: Layer) -> str:
        (top, bottom), (left, right) = layer["config"]["padding"]
        pads = self._constant(np.array([0, 0, top, left, 0, 0, bottom, right], np.int64), f"{layer['name']}:pads")
        return self._node("Pad", [source, pads], layer["name"])

    def _conv(self, source: str, layer: Layer, kernel: str, *, group: int) -> str:
        """A convolution; `group` 0 means one filter a channel. Keras kernels are height, width, in, out."""
        config = layer["config"]
        if config["use_bias"] or config["activation"] != "linear":
            raise TrainingError(f"package: {layer['name']} has a bias or activation this conversion does not know")
        depthwise = group == 0
        return self._node(
            "Conv",
            [source, self._kernel(kernel, (2, 3, 0, 1) if depthwise else (3, 2, 0, 1))],
            layer["name"],
            strides=config["strides"],
            group=self.weights[kernel].stored.shape[2] if depthwise else 1,
            auto_pad="SAME_UPPER" if config["padding"] == "same" else "VALID",
        )

    def _norm(self, source: str, layer: Layer) -> str:
        name = layer["name"]
        parts = [f"{name}/{part}" for part in ("gamma", "beta", "moving_mean", "moving_variance")]
        tensors = [self._constant(self.weights[part].values, part) for part in parts]
        return self._node("BatchNormalization", [source, *tensors], name, epsilon=layer["config"]["epsilon"])

    def _relu(self, source: str, layer: Layer) -> str:
        low = self._constant(np.array(0.0, np.float32), f"{layer['name']}:low")
        high = self._constant(np.array(layer["config"]["max_value"], np.float32), f"{layer['name']}:high")
        return self._node("Clip", [source, low, high], layer["name"])

    def _pool(self, source: str, layer: Layer) -> str:
        config = layer["config"]
        return self._node(
            "AveragePool", [source], layer["name"], kernel_shape=config["pool_size"], strides=config["strides"]
        )

    def _dense(self, source: str, layer: Layer) -> str:
        name, activation = layer["name"], layer["config"]["activation"]
        kernel = self._kernel(f"{name}/kernel", (0, 1))
        bias = self._constant(self.weights[f"{name}/bias"].values, f"{name}/bias")
        linear = self._node("Add", [self._node("MatMul", [source, kernel], f"{name}:product"), bias], f"{name}:linear")
        if activation == "softmax":
            return self._node("Softmax", [linear], name, axis=-1)
        return self._node("Relu", [linear], name)
