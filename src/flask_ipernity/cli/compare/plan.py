"""The calls of a run, in their order."""

from __future__ import annotations

from .calls import Call, Fetch, Step

#: What is seen of the browser of a person who signs in, and the option that it needs.
VISITS = {"first_visit": "it needs --port", "second_visit": "it needs --port, and an agreement"}

#: Ids and words that nothing has.
NO_ID = "999999999999"
NO_WORD = "qzxjkvwpyfqzx"
#: Text that tests the signature: UTF-8, and what must be escaped in a URL.
ODD_TEXT = "Grüße & 日本 = 100 % +1"
#: More records than any list gives at once.
MANY = "9999"
_EXPLORE = "owner,dates,license,medias,geo"
_EVERYTHING = "dates,count,geo,medias,original"


def _get(name: str, method: str, /, **params: str) -> Call:
    return Call(name=name, method=method, params=params)


_FORMAT: list[Step] = [
    _get("hello", "test.hello"),
    Call(name="hello_without_format", method="test.hello", form=""),
    Call(name="hello_other_format", method="test.hello", form="/nonsense"),
    Call(name="hello_unsigned", method="test.hello", signature="none"),
    Call(name="hello_wrongly_signed", method="test.hello", signature="wrong"),
    Call(name="hello_post", method="test.hello", post=True),
    Call(name="hello_multipart", method="test.hello", post=True, multipart=True),
    Call(name="hello_without_lg", method="test.hello", lang="none"),
    Call(name="hello_wrong_token", method="test.hello", token="wrong"),
    _get("echo", "test.echo", echo=ODD_TEXT),
    Call(
        name="echo_twice",
        method="test.echo",
        params={"echo": "body"},
        query={"echo": "query"},
        post=True,
    ),
    _get("echo_missing", "test.echo"),
]

_REFUSED: list[Step] = [
    Call(name="no_key", method="test.hello", key="none"),
    Call(name="wrong_key", method="test.hello", key="wrong"),
    _get("unknown_method", "test.nonsense"),
    Call(name="frob_unsigned", method="auth.getFrob", signature="none"),
    Call(name="frob_wrongly_signed", method="auth.getFrob", signature="wrong"),
    Call(name="frob_lg_unsigned", method="auth.getFrob", lang="unsigned"),
    _get("frob_odd", "auth.getFrob", B="0", a=ODD_TEXT, empty=""),
    _get("quota_without_token", "account.getQuota"),
    Call(name="check_wrong_token", method="auth.checkToken", token="wrong"),
    # Without a token, and about nothing: it could not change anything.
    _get("change_by_get", "faves.docs.add", doc_id=NO_ID),
    Call(name="albums_add", method="doc.albums.add", params={"doc_id": NO_ID}, post=True),
    Call(name="key_before_method", method="test.nonsense", key="wrong"),
    Call(name="method_before_signature", method="test.nonsense", signature="wrong"),
    Call(
        name="post_before_signature",
        method="faves.docs.add",
        params={"doc_id": NO_ID},
        signature="none",
    ),
    Call(name="signature_before_token", method="account.getQuota", signature="none"),
    Call(
        name="wrong_signature_before_token",
        method="account.getQuota",
        signature="wrong",
        token="wrong",
    ),
    _get("token_before_arguments", "doc.getPerms"),
]

_SIGN_IN_FACTS: list[Step] = [
    _get("frob_missing", "auth.getToken"),
    _get("frob_unconfirmed", "auth.getToken", frob="{frob}"),
    _get("methods", "api.methods.getList"),
    _get("method", "api.methods.get", method="doc.get"),
]

_LISTS: list[Step] = [
    _get("popular", "explore.docs.getPopular", media="photo", extra=_EXPLORE),
    _get("popular_many", "explore.docs.getPopular", per_page=MANY),
    _get("recent", "explore.docs.getRecent", media="photo", thumbsize="500", extra=_EXPLORE),
    _get("homepage", "explore.docs.homepage", extra=_EXPLORE),
    _get("random_groups", "explore.groups.getRandom"),
    Call(
        name="search",
        method="doc.search",
        params={
            "media": "photo,video",
            "sort": "posted-desc",
            "extra": f"owner,license,{_EVERYTHING}",
        },
    ),
    _get("search_many", "doc.search", per_page=MANY),
    _get("search_nothing", "doc.search", text=NO_WORD),
    _get("search_public", "doc.search", share="4", media="photo"),
    _get("search_later", "doc.search", page="2", per_page="1"),
    _get("videos", "doc.search", media="video", extra="owner,medias"),
    _get("docs", "doc.getList", user_id="{user}", media="photo", extra=f"{_EVERYTHING},md5"),
    _get("albums", "album.getList", user_id="{user}"),
    _get("albums_many", "album.getList", user_id="{user}", per_page=MANY),
    _get("folders", "folder.getList", user_id="{user}"),
    _get("groups", "group.getList", user_id="{user}"),
    _get("groups_found", "group.search", text="photo"),
    _get("groups_nothing", "group.search", text=NO_WORD),
    _get("groups_nothing_again", "group.search", text=NO_WORD),
    _get("groups_empty_text", "group.search", text=""),
    _get("posts", "post.getList", user_id="{user}"),
    _get("posts_found", "post.search", per_page="5"),
    _get("posts_nothing", "post.search", text=NO_WORD),
    _get("network", "network.getList", user_id="{user}", extra="realname,count,location"),
    _get("fave_docs", "faves.docs.getList", user_id="{user}", extra=f"owner,{_EVERYTHING}"),
    _get("fave_albums", "faves.albums.getList", user_id="{user}", extra="owner"),
    _get("tags", "tags.user.getList", user_id="{user}", type="keyword"),
    _get("popular_tags", "tags.user.getPopular", user_id="{user}", type="keyword"),
    _get(
        "tag_docs",
        "tags.docs.getList",
        type="keyword",
        id="{tag}",
        extra="owner,dates,medias,original",
    ),
]

_ITEMS: list[Step] = [
    Call(name="user", method="user.get", params={"user_id": "{user}"}),
    _get("user_unknown", "user.get", user_id=NO_ID),
    _get("doc", "doc.get", doc_id="{doc}", extra="tags,notes,geo,md5"),
    _get("doc_unknown", "doc.get", doc_id=NO_ID),
    _get("medias", "doc.getMedias", doc_id="{doc}"),
    _get("video_medias", "doc.getMedias", doc_id="{video}"),
    _get("containers", "doc.getContainers", doc_id="{doc}"),
    _get("context", "doc.getContext", doc_id="{doc}", media="photo"),
    _get("exif", "doc.getExif", doc_id="{doc}"),
    _get("faves", "doc.getFaves", doc_id="{doc}"),
    _get("doc_tags", "doc.tags.getList", doc_id="{doc}"),
    _get("comments", "doc.comments.getList", doc_id="{doc}", extra="owner"),
    _get("comment", "doc.comments.get", comment_id="{comment}", extra="owner"),
    _get("album", "album.get", album_id="{album}"),
    _get(
        "album_docs",
        "album.docs.getList",
        album_id="{album}",
        extra="dates,geo,medias,original,link",
    ),
    _get("album_context", "album.docs.getContext", album_id="{album}", doc_id="{album_doc}"),
    _get("folder", "folder.get", folder_id="{folder}"),
    _get("folder_albums", "folder.albums.getList", folder_id="{folder}"),
    _get("group", "group.get", group_id="{group}"),
    _get(
        "group_docs",
        "group.docs.getList",
        group_id="{group}",
        extra="owner,dates,geo,medias,original",
    ),
    _get(
        "group_context",
        "group.docs.getContext",
        group_id="{group}",
        doc_id="{group_doc}",
        extra="owner",
    ),
    _get("post", "post.get", post_id="{post}", extra="tags"),
    _get("post_context", "post.getContext", post_id="{post}"),
    _get("post_comments", "post.comments.getList", post_id="{post}", extra="owner"),
]

_FILES: list[Step] = [
    Fetch(name="thumb", url="thumb_url"),
    Fetch(name="thumb_head", url="thumb_url", verb="HEAD"),
    Fetch(name="thumb_part", url="thumb_url", headers={"Range": "bytes=2-11"}),
    Fetch(name="thumb_beyond", url="thumb_url", headers={"Range": "bytes=999999999-"}),
    Fetch(name="thumb_known", url="thumb_url", headers={"If-None-Match": "{etag}"}),
    Fetch(name="thumb_other_secret", url="thumb_url", spoil=True),
    Fetch(name="clip_part", url="clip_url", headers={"Range": "bytes=0-99"}),
]


def _own(name: str, method: str, /, **params: str) -> Call:
    return Call(name=name, method=method, params=params, token="right", needs="sign-in")


_ACCOUNT: list[Step] = [
    _own("token", "auth.checkToken"),
    Call(name="token_by_post", method="auth.checkToken", post=True, token="right", needs="sign-in"),
    Call(
        name="frob_again", method="auth.getToken", params={"frob": "{used_frob}"}, needs="sign-in"
    ),
    Fetch(name="authorize_page", url="authorize_url", needs="sign-in"),
    _own("quota", "account.getQuota"),
    _own("own_docs", "doc.getList"),
    _own("own_albums", "album.getList", empty="1"),
    _own("own_user", "user.get"),
    _own("network_docs", "network.docs.getRecent", extra=f"owner,{_EVERYTHING}"),
    _own("autocomplete", "network.autocomplete", query="a"),
    _own("md5_unknown", "doc.checkMD5", md5="0" * 32),
    _own("ticket_unknown", "upload.checkTickets", tickets=NO_ID),
    _own("own_perms", "doc.getPerms", doc_id="{own_doc}"),
    _own("own_visitors", "doc.getVisitors", doc_id="{own_doc}"),
    _own("album_visitors", "album.getVisitors", album_id="{own_album}"),
    # With a token that may not do this, and about nothing: it could not change anything.
    Call(
        name="no_permission_for_post",
        method="post.comments.delete",
        params={"comment_id": NO_ID},
        post=True,
        token="right",
        needs="sign-in",
        without=("post", "write"),
    ),
    Call(
        name="no_permission_for_doc",
        method="doc.delete",
        params={"doc_id": NO_ID},
        post=True,
        token="right",
        needs="sign-in",
        without=("doc", "delete"),
    ),
]


def _write(name: str, method: str, /, **params: str) -> Call:
    return Call(name=name, method=method, params=params, post=True, token="right", needs="write")


def _look(name: str, method: str, /, **params: str) -> Call:
    return Call(name=name, method=method, params=params, token="right", needs="write")


_CHANGES: list[Step] = [
    Call(
        name="upload",
        method="upload.file",
        params={
            "title": "{title}",
            "is_public": "0",
            "is_family": "0",
            "is_friend": "0",
            "async": "1",
        },
        post=True,
        file=True,
        token="right",
        needs="write",
    ),
    Call(
        name="tickets",
        method="upload.checkTickets",
        params={"tickets": "{ticket}"},
        token="right",
        needs="write",
        times=4,
    ),
    _look("new_doc", "doc.get", doc_id="{new_doc}", extra="tags,notes,geo,md5"),
    Call(
        name="new_doc_for_strangers",
        method="doc.get",
        params={"doc_id": "{new_doc}"},
        needs="write",
    ),
    _look("new_md5", "doc.checkMD5", md5="{md5}"),
    _look("new_containers", "doc.getContainers", doc_id="{new_doc}"),
    _look("new_faves", "doc.getFaves", doc_id="{new_doc}"),
    _look("new_comments", "doc.comments.getList", doc_id="{new_doc}"),
    _look("new_tags", "doc.tags.getList", doc_id="{new_doc}"),
    Fetch(name="new_original", url="new_original_url", needs="write"),
    Call(
        name="set_by_get",
        method="doc.set",
        params={"doc_id": "{new_doc}", "title": "{title}"},
        token="right",
        needs="write",
    ),
    _write("set_title", "doc.set", doc_id="{new_doc}", title="{title} & more"),
    _write("set_perms", "doc.setPerms", doc_id="{new_doc}", share="0", perm_tagme="1"),
    _look("new_perms", "doc.getPerms", doc_id="{new_doc}"),
    _write("add_tags", "doc.tags.add", doc_id="{new_doc}", keywords=f'{NO_WORD},"two words"'),
    _look("changed_doc", "doc.get", doc_id="{new_doc}", extra="tags,notes"),
    Call(
        name="create_album",
        method="album.create",
        params={"title": "{title}"},
        post=True,
        token="right",
        needs="write",
        about="new_doc",
    ),
    _look("empty_album_hidden", "album.getList", per_page="100"),
    _look("empty_album_shown", "album.getList", per_page="100", empty="1"),
    _write("add_to_album", "album.docs.add", album_id="{new_album}", doc_id="{new_doc}"),
    _write("remove_from_album", "album.docs.remove", album_id="{new_album}", doc_id="{new_doc}"),
    _look("removed_album", "album.get", album_id="{new_album}"),
    _write("delete_doc", "doc.delete", doc_id="{new_doc}"),
    _look("deleted_doc", "doc.get", doc_id="{new_doc}"),
]

_END: list[Step] = [_own("token_at_the_end", "auth.checkToken")]

PLAN: tuple[Step, ...] = (
    *_FORMAT,
    *_REFUSED,
    *_SIGN_IN_FACTS,
    *_LISTS,
    *_ITEMS,
    *_FILES,
    *_ACCOUNT,
    *_CHANGES,
    *_END,
)
