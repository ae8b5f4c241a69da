"""Values inside a text are shown literally on every channel, without markup."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from channels._kit.rendering import to_gsm7_friendly
from channels.intercom.rendering import render_comment_html
from channels.intercom.rendering import render_parts as render_intercom
from channels.sunshine.rendering import render_parts as render_sunshine
from channels.twilio.rendering import render_parts as render_twilio
from channels.whatsapp.rendering import render_parts as render_whatsapp
from core.model import Address, Message, MessagePart, Reply
from flows import DialogMachine, Flow
from flows.llm import TransitionDecision
from flows.llm.scripted import ScriptedModel
from flows.templating import TextTemplate, TrustedText
from flows.text import reveal_values, to_commonmark
from gateway.webchat.channel import WebChannel

SMS = Address(channel="twilio", account="AC1", ours="+15550100", theirs="+15550111")
WHATSAPP = Address(channel="twilio", account="AC1", ours="whatsapp:+15550100", theirs="whatsapp:+15550111")

SAMPLES = [
    "A*12*B",
    "2*3*4",
    "SAVE*10*NOW",
    "__init__",
    "a_b_c",
    "~x~",
    "~~x~~",
    "`x`",
    "``` x",
    "# 1",
    "#1042",
    "> x",
    "- x",
    "+ x",
    "1. x",
    "1) x",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<https://evil.example>",
    "<b>x</b>",
    "&copy; &#42;",
    "a\\*b\\",
    "x\n---",
    "x\n===",
    "***",
    "- [ ] x\n\n- y\n\n> z\n\n```\nq\n```",
    "[x]: https://evil.example",
    "https://pay.example/a_b_c?x=*1*",
]


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


def join_bodies(parts: list[MessagePart]) -> str:
    return " ".join(part.body for part in parts)


def remove_joiners(text: str) -> str:
    """Return a text without the word joiners that keep WhatsApp from formatting it."""
    return text.replace("\u2060", "")


def read_text(html: str) -> str:
    page = _Page(html)
    assert set(page.tags) <= {"p", "br"}, html
    return page.text


def render_for_intercom(text: str) -> str:
    parts = render_intercom(Message(text=text))
    return read_text(
        "".join(render_comment_html(Reply(key="k", address=SMS, **dict(part))) for part in parts)
    )


def render_for_web(text: str) -> str:
    [part] = WebChannel().render(Message(text=text), SMS)
    return read_text(MarkdownIt("commonmark", {"html": False}).enable("strikethrough").render(part.body))


CHANNELS: dict[str, Callable[[str], str]] = {
    "sms": lambda text: join_bodies(render_twilio(Message(text=text), SMS)),
    "twilio whatsapp": lambda text: remove_joiners(join_bodies(render_twilio(Message(text=text), WHATSAPP))),
    "whatsapp": lambda text: remove_joiners(join_bodies(render_whatsapp(Message(text=text)))),
    "sunshine": lambda text: join_bodies(render_sunshine(Message(text=text), SMS)),
    "intercom and zendesk": render_for_intercom,
    "web": render_for_web,
}


def split_words(text: str) -> str:
    return " ".join(text.split())


def render_template(source: str, **values: object) -> str:
    template = TextTemplate(source, "message")
    return to_commonmark(template.render_protected(values))  # type: ignore[arg-type]


markup = st.text(
    st.sampled_from("*_~`[]()<>#+-=.!&;:\\|\"'/ \n1aZ\u00e9") | st.characters(exclude_categories=["C", "Z"]),
    max_size=30,
)


@pytest.mark.long
@pytest.mark.parametrize("channel", CHANNELS)
@given(value=markup | st.lists(st.sampled_from(SAMPLES), max_size=3).map("\n".join), glued=st.booleans())
@example(value="A*12*B", glued=False)
def test_a_value_is_shown_literally(channel: str, value: str, glued: bool) -> None:
    source = "Code:{{ v }}{{ v }}" if glued else "Your code is {{ v }} now"
    expected = source.replace("{{ v }}", value)
    if channel == "sms":
        expected = to_gsm7_friendly(expected)
    assert split_words(CHANNELS[channel](render_template(source, v=value))) == split_words(expected)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "source", ["{{ v }}", "{{ v | trim }}", "{{ 'x ' ~ v }}", "{% for e in [v] %}{{ e }}{% endfor %}"]
)
def test_samples_stand_as_they_are(channel: str, source: str) -> None:
    for value in SAMPLES:
        expected = f"x {value}" if "~" in source else value
        assert split_words(CHANNELS[channel](render_template(source, v=value))) == split_words(expected)


@pytest.mark.parametrize("source", ["a `{{ v }}` b", "```\n{{ v }}\n```"])
def test_a_value_in_code_is_unchanged(source: str) -> None:
    for line in (" ".join(value.split()) for value in SAMPLES):
        whatsapp = CHANNELS["whatsapp"](render_template(source, v=line))
        assert line in whatsapp
        parts = render_intercom(Message(text=render_template(source, v=line)))
        page = _Page(
            "".join(render_comment_html(Reply(key="k", address=SMS, **dict(part))) for part in parts)
        )
        assert set(page.tags) <= {"p", "code", "pre"}
        assert line in page.text


def render_html(text: str) -> str:
    [part] = render_intercom(Message(text=text))
    return render_comment_html(Reply(key="k", address=SMS, **dict(part)))


def test_the_operators_markup_stays() -> None:
    text = render_template(
        "**Hello {{ name }}**\n\n- *{{ a }}*\n- [pay](https://x.example/{{ id }})",
        name="A*B",
        a="_x_",
        id="1/2 ?",
    )
    html = render_html(text)
    assert "<b>Hello A*B</b>" in html
    assert "<li><i>_x_</i></li>" in html
    assert '<a href="https://x.example/1%2F2%20%3F">pay</a>' in html


def test_a_value_that_is_the_whole_url_of_a_link_stays_one() -> None:
    assert render_html(render_template("[pay]({{ url }})", url="https://pay.example/a_(b)?x=1&y=*2*")) == (
        '<p><a href="https://pay.example/a_%28b%29?x=1&amp;y=*2*">pay</a></p>'
    )
    assert "<a" not in render_html(render_template("[pay]({{ url }})", url="javascript:alert(1)"))


def test_the_environment_is_the_operators_text() -> None:
    values = {"sign": TrustedText("**Acme**"), "env": {"sign": TrustedText("**Acme**")}}
    assert (
        render_html(render_template("{{ sign }} {{ env.sign }}", **values))
        == "<p><b>Acme</b> <b>Acme</b></p>"
    )


def test_macros_and_blocks_keep_the_operators_markup() -> None:
    for source in (
        "{% macro bold(x) %}**{{ x }}**{% endmacro %}{{ bold(v) }}",
        "{% set line %}**{{ v }}**{% endset %}{{ line }}",
        "{{ '**%s**' | format(v) }}",
        "{{ '**' ~ v ~ '**' }}",
        "{{ ['**', v, '**'] | join }}",
        "{% if v == 'A*12*B' %}{{ {'A*12*B': '**A\\\\*12\\\\*B**'}[v] }}{% endif %}",
    ):
        assert render_html(render_template(source, v="A*12*B")) == "<p><b>A*12*B</b></p>", source


def test_a_value_in_bold_text_and_in_a_path_stays_inside() -> None:
    assert "evil" not in "".join(
        _Page(render_html(render_template("[{{ v }}](https://x.example)", v="](https://evil.example)"))).tags
    )
    html = render_html(render_template("[{{ v }}](https://x.example)", v="a](https://evil.example) b"))
    assert 'href="https://evil.example"' not in html


def build_flow(text: str, **node: Any) -> Flow:
    return Flow.model_validate(
        {
            "system_prompt": "You help. Our shop is https://shop.example/help",
            "initial_node": "a",
            "nodes": [
                {
                    "id": "a",
                    "name": "a",
                    "static_text": "Your name?",
                    "edges": [
                        {
                            "id": "named",
                            "condition": "the name",
                            "target_node_id": "b",
                            "input_schema": {
                                "type": "object",
                                "properties": {"name": {"type": "string", "description": "name"}},
                                "required": ["name"],
                            },
                        }
                    ],
                },
                {"id": "b", "name": "b", "static_text": text, **node},
            ],
        }
    )


async def test_the_history_holds_the_value_and_the_message_commonmark() -> None:
    machine = DialogMachine(
        build_flow("Hello {{ name | upper }} {% if name == 'A*12*b' %}**yes**{% endif %}", is_final=True),
        "rules",
    )
    await machine.start()
    answer = await machine.turn("A*12*b")
    assert answer.text == "Hello A\\*12\\*B **yes**"
    assert machine.state is not None
    history: Any = machine.state["history"]
    assert history[-1]["content"] == "Hello A*12*B **yes**"


def test_reveal_gives_back_the_value() -> None:
    template = TextTemplate("a {{ v }}", "message")
    assert (
        reveal_values(template.render_protected({"v": "A*12*B"}))
        == "a A*12*B"
        == template.render({"v": "A*12*B"})
    )


def test_a_call_gets_characters_of_a_user_as_they_are() -> None:
    for context in ("json", "url", "form", "xml", "header", "text"):
        assert '"' not in TextTemplate("{{ v }}", context).render({"v": "\ufdd1"})


def build_machine(text: str) -> DialogMachine:
    flow = Flow.model_validate(
        {
            "system_prompt": "You help. Our shop is https://shop.example/help",
            "initial_node": "a",
            "nodes": [
                {
                    "id": "a",
                    "name": "a",
                    "static_text": "Hello!",
                    "edges": [{"id": "on", "condition": "goes on", "target_node_id": "a"}],
                }
            ],
        }
    )
    return DialogMachine(flow, ScriptedModel([TransitionDecision(reply=text)]))


@pytest.mark.parametrize(
    ("said", "written", "shown"),
    [
        (
            "my code is SAVE*10*NOW",
            "Your code **SAVE*10*NOW** is *valid*.",
            "<p>Your code <b>SAVE*10*NOW</b> is <i>valid</i>.</p>",
        ),
        (
            "call me [x](https://evil.example)",
            "Hello [x](https://evil.example)!",
            "<p>Hello [x](https://evil.example)!</p>",
        ),
        (
            "hi",
            "![x](https://evil.example/p.png) <https://evil.example>",
            "<p>![x](https://evil.example/p.png) &lt;https://evil.example&gt;</p>",
        ),
        (
            "hi",
            "See [help](https://shop.example/help?a=1).",
            '<p>See <a href="https://shop.example/help?a=1">help</a>.</p>',
        ),
        (
            "hi",
            "See [help](https://shop.example/help.evil).",
            "<p>See [help](https://shop.example/help.evil).</p>",
        ),
        (
            "hi",
            "See [help](https://paid.example/a_b).",
            '<p>See <a href="https://paid.example/a_b">help</a>.</p>',
        ),
    ],
)
async def test_a_models_echo_is_not_markup(said: str, written: str, shown: str) -> None:
    machine = build_machine(written)
    await machine.start()
    answer = await machine.turn(said, context={"link": "https://paid.example/a_b"})
    assert render_html(answer.text) == shown
    assert machine.state is not None
    history: Any = machine.state["history"]
    assert history[-1]["content"] == written
