"""What the people of the sandbox's world do together: groups, articles, comments, faves, visits."""

from __future__ import annotations

from .audience import Audience, Comment, Visits
from .documents import FAMILY, PUBLIC, DocTag
from .groups import BY_INVITATION, INVISIBLE, Group, GroupDoc, Membership
from .posts import Post
from .state import State

ADA, JONAS, MEI = "10175", "20433", "31268"
"""A photographer, a member of her family, and a stranger to both."""

_SINCE = 1_300_000_000
_DAY = 86_400

_REMARKS = (
    "I could look at this for an hour.",
    "How long did you wait for it?",
    "The colours are just right.",
    "I know this place, I think.",
)


def _members(admin: str, *others: str) -> dict[str, Membership]:
    return {
        user_id: Membership(_SINCE + number * _DAY, _SINCE + 900 * _DAY, role)
        for number, (user_id, role) in enumerate(
            [(admin, "admin"), *((other, "member") for other in others)]
        )
    }


def add_groups(state: State) -> None:
    """Makes the groups: an open one, a moderated one with a quota, a private one.

    The open one comes first in everybody's list, takes everything, and shows some public documents.
    """
    groups = (
        Group(
            state.new_id("group"),
            "Along the water",
            "along-the-water",
            "Seas, lakes, rivers, rain.",
            members=_members(ADA, JONAS, MEI),
        ),
        Group(
            state.new_id("group"),
            "One a week",
            "one-a-week",
            "One photo a week, looked at by the moderators.",
            ispublic=BY_INVITATION,
            moderated=True,
            quota=1,
            period="w",
            accepts=("photo",),
            members=_members(MEI, ADA),
        ),
        Group(
            state.new_id("group"),
            "Family table",
            "family-table",
            "Among ourselves.",
            ispublic=INVISIBLE,
            members=_members(JONAS, ADA),
        ),
    )
    for number, group in enumerate(groups):
        group.created_at = _SINCE + number * 30 * _DAY
        state.groups[group.group_id] = group
    shown = [doc for doc in state.docs.values() if doc.share == PUBLIC and doc.picture][:4]
    for doc in shown:
        groups[0].docs[doc.doc_id] = GroupDoc(doc.owner_id, doc.posted_at + 7_200)


def add_posts(state: State) -> None:
    """Lets the photographer and the stranger write: two articles for all, one for the family."""
    texts = (
        (
            ADA,
            "Before sunrise",
            "An hour nobody else wants.",
            "Bring a lamp, and <b>wait</b>.",
            PUBLIC,
        ),
        (MEI, "Two lenses", "What I carry.", "A short one and a shorter one.", PUBLIC),
        (ADA, "August", "For you.", "The house is open from the third on.", FAMILY),
    )
    for number, (owner_id, title, intro, content, share) in enumerate(texts):
        at = _SINCE + (400 + 50 * number) * _DAY
        post = Post(state.new_id("post"), owner_id, title, content, intro, share=share)
        post.posted_at = post.created_at = post.updated_at = at
        word = state.keyword("diary").tag_id
        post.tags = [DocTag("keyword", word, owner_id, at)]
        state.posts[post.post_id] = post
    draft = Post(state.new_id("post"), ADA, "Not done yet", "It began with rain.")
    draft.created_at = draft.updated_at = _SINCE + 600 * _DAY
    state.posts[draft.post_id] = draft


def add_audience(state: State) -> None:
    """Lets people come, like and remark: those who may see a thing, and each in an own measure."""
    for number, doc in enumerate(state.docs.values()):
        seen_by = [
            person.user_id
            for person in state.people.values()
            if person.user_id != doc.owner_id and state.visible(doc, person, 1)
        ]
        strangers = 31 + 67 * number % 240 if doc.share == PUBLIC else 0
        _fill(state, doc.audience, number, seen_by, strangers, doc.posted_at)
    for number, album in enumerate(state.albums.values(), 1):
        docs = [state.docs[doc_id] for doc_id in album.doc_ids]
        seen_by = [
            person.user_id
            for person in state.people.values()
            if person.user_id != album.owner_id
            and any(state.visible(doc, person, 1) for doc in docs)
        ]
        strangers = 19 * number if any(doc.share == PUBLIC for doc in docs) else 0
        _fill(state, album.audience, number, seen_by, strangers, album.created_at)
        # no method reads or writes the comments of an album
        album.audience.comments.clear()
    for number, post in enumerate(state.posts.values(), 2):
        seen_by = [
            person.user_id
            for person in state.people.values()
            if person.user_id != post.owner_id and state.visible(post, person, 1)
        ]
        strangers = 12 * number if post.posted_at and post.share == PUBLIC else 0
        _fill(state, post.audience, number, seen_by, strangers, post.posted_at)


def _fill(
    state: State, audience: Audience, number: int, people: list[str], strangers: int, since: int
) -> None:
    """Gives an item its audience.

    :param people: the user ids of those who may see it.
    :param strangers: how often people without a name came.
    :param since: when it appeared.
    """
    if strangers:
        audience.anonymous = Visits(since + 60, since + 90 * _DAY, strangers)
    for place, user_id in enumerate(people):
        first = since + (place + 1) * 3_600
        count = 1 + (number + place) % 4
        audience.visits[user_id] = Visits(first, first + (count - 1) * _DAY, count)
        if (number + place) % 3 != 1:
            audience.faves[user_id] = first + 120
        if (number + place) % 4 == 0:
            comment_id = state.new_id("comment")
            text = _REMARKS[(number // 4 + place) % len(_REMARKS)]
            audience.comments[comment_id] = Comment(comment_id, user_id, text, first + 300)
