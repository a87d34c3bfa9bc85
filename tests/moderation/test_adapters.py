"""Adapters: a tiny transformers model made here, a local server that misbehaves, and chains."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from moderation.actions import Action, Coverage
from moderation.adapters.chain import Chain, Rule
from moderation.adapters.http import HttpClassifier
from moderation.adapters.transformers import TransformersPicture, TransformersText
from moderation.decision import Decision
from moderation.encoder import Encoder
from moderation.errors import ClassifierError, ClassifierTimeoutError, PolicyError
from moderation.language import LanguageReader
from moderation.policy import Policy
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen
from moderation.rules import RuleBook
from tests.moderation.conftest import AT, ID, StandIn

ENGLISH, HATE = frozenset({"en"}), frozenset({"hate_extremism"})
Answer = Callable[[BaseHTTPRequestHandler], None]


def say(status: int, body: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", "http://127.0.0.1:9/")
        request.end_headers()
        request.wfile.write(body)

    return answer


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(40):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


ANSWERS: dict[str, Answer] = {
    "/good": say(200, json.dumps({"scores": {"hate_extremism": 0.1}}).encode()),
    "/high": say(200, json.dumps({"scores": {"hate_extremism": 0.7}}).encode()),
    "/error": say(500, b"{}"),
    "/redirect": say(302, b""),
    "/no-json": say(200, b"<html>"),
    "/no-scores": say(200, b"[]"),
    "/nan": say(200, b'{"scores": {"hate_extremism": NaN}}'),
    "/words": say(200, b'{"scores": {"hate_extremism": "low"}}'),
    "/other-category": say(200, b'{"scores": {"weather": 0.0}}'),
    "/huge": say(200, b" " * 70_000),
    "/cut": lambda request: request.connection.close(),
    "/hangs": lambda request: time.sleep(2.0),
    "/drips": drip,
}


class Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        try:
            ANSWERS[self.path](self)
        except OSError:
            self.close_connection = True  # The client has gone; that is what some of these tests are about.

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    running.daemon_threads, running.block_on_close = True, False
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def screened(rules: RuleBook, reader: LanguageReader, encoder: Encoder) -> Callable[..., Decision]:
    def run(classifier: Any, policy: Policy = FLOOR) -> Decision:
        screen = PromptScreen(rules=rules, reader=reader, classifiers=(classifier,), encoder=encoder)
        return screen.screen("a red tractor", policy=policy, decision_id=ID, at=AT)

    return run


def http(address: str, seconds: float = 0.4) -> HttpClassifier:
    return HttpClassifier("guard", address, languages=ENGLISH, categories=HATE, seconds=seconds)


def test_a_good_answer_counts(server: str, screened: Callable[..., Decision]) -> None:
    assert screened(http(f"{server}/good", seconds=5)).action is Action.ALLOW
    assert screened(http(f"{server}/high", seconds=5)).action is Action.REVIEW


@pytest.mark.parametrize("path", sorted(set(ANSWERS) - {"/good", "/high"}))
def test_every_bad_answer_holds_in_time(server: str, screened: Callable[..., Decision], path: str) -> None:
    began = time.perf_counter()
    decision = screened(http(server + path))
    assert time.perf_counter() - began < 1.5
    assert decision.action is Action.REVIEW
    (finding,) = [f for f in decision.findings if f.coverage is Coverage.ERROR]
    assert finding.detail["fault"]


def test_a_server_that_is_not_there_holds(screened: Callable[..., Decision]) -> None:
    assert screened(http("http://127.0.0.1:9/")).action is Action.REVIEW


def test_a_time_out_may_be_tried_again_and_nonsense_may_not(server: str) -> None:
    with pytest.raises(ClassifierTimeoutError) as late:
        http(f"{server}/hangs").score(["x"])
    assert not late.value.permanent
    with pytest.raises(ClassifierError) as wrong:
        http(f"{server}/no-json", seconds=5).score(["x"])
    assert wrong.value.permanent


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/", "guard", "http://"])
def test_only_http_addresses(address: str) -> None:
    with pytest.raises(PolicyError, match="address"):
        http(address)


def member(name: str, score: float) -> StandIn:
    made = StandIn(lambda texts: dict.fromkeys(StandIn.categories, score))
    made.id = name
    return made


def test_chains_join_scores() -> None:
    low, high = member("low", 0.2), member("high", 0.8)
    assert Chain("c", [low, high], rule=Rule.ANY).score(["x"])["self_harm"] == 0.8
    assert Chain("c", [low, high], rule=Rule.ALL).score(["x"])["self_harm"] == 0.2
    weighted = Chain("c", [low, high], rule=Rule.WEIGHTED, weights=[3, 1]).score(["x"])["self_harm"]
    assert weighted == pytest.approx(0.35)
    assert Chain("c", [low, high], rule=Rule.ANY).revision != Chain("c", [low, high], rule=Rule.ALL).revision


@pytest.mark.parametrize("rule", Rule)
def test_one_failing_member_fails_the_chain(rule: Rule, screened: Callable[..., Decision]) -> None:
    broken = StandIn(lambda texts: {"self_harm": 0.0})
    weights = [1.0, 1.0] if rule is Rule.WEIGHTED else []
    assert screened(Chain("c", [member("fine", 0.0), broken], rule=rule, weights=weights)).action is Action.REVIEW


def test_chains_of_nothing_and_wrong_weights_raise() -> None:
    with pytest.raises(PolicyError, match="at least one"):
        Chain("c", [], rule=Rule.ANY)
    for rule, weights in ((Rule.WEIGHTED, []), (Rule.WEIGHTED, [0.0]), (Rule.ANY, [1.0])):
        with pytest.raises(PolicyError, match="weight"):
            Chain("c", [member("a", 0.1)], rule=rule, weights=weights)


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-word BERT: "tractor" makes the label UNSAFE likely, by its weights and not by chance."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification
    from transformers import BertTokenizer as Tokenizer

    folder = tmp_path_factory.mktemp("text-model")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "tractor"]
    (folder / "vocab.txt").write_text("\n".join(words))
    Tokenizer(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    torch.manual_seed(4)
    config = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    config.id2label, config.label2id = {0: "SAFE", 1: "UNSAFE"}, {"SAFE": 0, "UNSAFE": 1}
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_local_text_model_scores_by_its_label_map(text_model: Path) -> None:
    labels = {"UNSAFE": "hate_extremism"}
    model = TransformersText.load("guard", text_model, labels=labels, languages=ENGLISH)
    scores = model.score(["a red tractor", "a red"])
    assert scores.keys() == {"hate_extremism"}
    assert 0.0 < scores["hate_extremism"] < 1.0
    assert model.score(["a red tractor"]) == model.score(["a red tractor"])
    again = TransformersText.load("guard", text_model, labels=labels, languages=ENGLISH, sha256=model.revision)
    assert again.revision == model.revision


def test_a_folder_that_does_not_fit_is_refused(text_model: Path, tmp_path: Path) -> None:
    def load(folder: Path, labels: dict[str, str], sha256: str = "") -> None:
        TransformersText.load("guard", folder, labels=labels, languages=ENGLISH, sha256=sha256)

    with pytest.raises(ClassifierError, match="SHA-256"):
        load(text_model, {"UNSAFE": "hate_extremism"}, "0" * 64)
    with pytest.raises(PolicyError, match="no label"):
        load(text_model, {"EVIL": "hate_extremism"})
    with pytest.raises(PolicyError, match="labels"):
        load(text_model, {"UNSAFE": "weather"})
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ClassifierError, match="safetensors"):
        load(tmp_path, {"UNSAFE": "hate_extremism"})
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ClassifierError, match="cannot load"):
        load(tmp_path, {"UNSAFE": "hate_extremism"})


def test_a_local_picture_model(tmp_path: Path) -> None:
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(5)
    config = ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, image_size=16)
    config.id2label, config.label2id = {0: "ok", 1: "gore"}, {"ok": 0, "gore": 1}
    ViTForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(tmp_path)
    model = TransformersPicture.load("gore-net", tmp_path, labels={"gore": "violence_graphic"})
    scores = model.score(bytes(range(256)) * 3, 16, 16)
    assert scores.keys() == {"violence_graphic"}
    assert 0.0 < scores["violence_graphic"] < 1.0
