"""Words by which pages name their parts, and what Kumo calls them."""

import re
import unicodedata
from collections.abc import Iterable

from spiders_project.proposals import classes


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: What a field is called whose class, property or label says one of these.
_FIELDS = {
    "title": "title ttl heading headline subject caption タイトル 件名 題名 見出し"
    " titel titre título titulo",
    "name": "name nm product-name 商品名 名前 名称 氏名 品名 nombre nom",
    "price": "price prc cost amount 価格 値段 料金 金額 販売価格 税込価格 preis prix precio prezzo",
    "old_price": "oldprice old-price regular-price was-price list-price 定価 通常価格",
    "date": "date time published datetime posted 日付 日時 公開日 掲載日 投稿日 datum fecha data",
    "author": "author byline writer by 著者 作者 投稿者 autor auteur autore",
    "image": "image img photo picture thumb thumbnail thumbnails pic 画像 写真 bild imagen",
    "description": "description desc 説明 概要 詳細 商品説明 beschreibung descripción",
    "summary": "summary excerpt teaser lead abstract snippet dek 要約 抜粋",
    "category": "category cat section カテゴリ カテゴリー 分類 ジャンル"
    " kategorie catégorie categoría",
    "tags": "tags tag labels keywords タグ",
    "rating": "rating stars score 評価 bewertung",
    "reviews": "reviews review-count レビュー レビュー数 口コミ",
    "stock": "stock availability 在庫 在庫数 verfügbarkeit",
    "sku": "sku 品番 商品番号 型番 商品コード artikelnummer",
    "isbn": "isbn",
    "publisher": "publisher 出版社 発行 発行元 verlag",
    "company": "company 会社名 企業名 社名 firma entreprise empresa",
    "address": "address 住所 所在地 adresse dirección",
    "phone": "phone tel telephone 電話 電話番号 telefon téléphone teléfono",
    "location": "location place venue 場所 勤務地 会場 ort lieu lugar",
    "salary": "salary wage 給与 年収 gehalt",
    "brand": "brand manufacturer maker メーカー ブランド marke",
    "size": "サイズ größe taille",
    "weight": "重量 重さ gewicht",
    "color": "色 カラー farbe",
    "url": "url link permalink",
}
_CALLED = {word: name for name, words in _FIELDS.items() for word in words.split()}
_OTHERS = _set("author category category_links tags brand company publisher location by")
#: How names begin that are written as one word: itemname, prodprice.
_RUN_TOGETHER = re.compile(r"(?:item|product|prod|goods|post|article|book|news|entry)(\w{3,})")
#: Words of class names that say nothing of what is inside.
_EMPTY = _set(
    "box wrap wrapper container inner outer content body info details detail block area text "
    "txt link value val label item card list row col cell field entry post meta main left "
    "right top bottom media element el fn vcard data group line span div header footer figure "
    "entity primary p a h num current js anchor href sr only default small large desc-text c "
    "m o l "
)
#: An element with one of these among its classes is an item of some kind.
ITEMS = _set(
    "item card product article entry post row record listing result tile teaser story job event "
    "review quote news book "
)
#: Regions of a page that are rarely what somebody came for.
_ASIDE = _set(
    "nav navi navbar navigation footer sidebar breadcrumb breadcrumbs pagination pager "
    "pages social share sns cookie cookies consent ad ads advert advertisement sponsored "
    "promo banner banners related recommend recommended recommendations popular ranking "
    "widget widgets toolbar facet facets newsletter modal dropdown topbar "
    "sitelinks masthead crumbs trending aside gnav partners "
)
#: Types of schema.org that a page describes beside what it is about.
MINOR_TYPES = _set(
    "website webpage organization corporation breadcrumblist searchaction imageobject "
    "listitem collectionpage itempage sitenavigationelement wpheader wpfooter wpsidebar offer "
    "aggregateoffer aggregaterating rating brand postaladdress geocoordinates monetaryamount "
    "person quantitativevalue contactpoint readaction entrypoint propertyvaluespecification "
    "itemlist faqpage question answer review speakablespecification place country thing "
    "onlinestore store unitpricespecification propertyvalue blog "
)
#: What a page is about when it describes one of them.
MAJOR_TYPES = _set(
    "product article newsarticle blogposting recipe event jobposting book movie localbusiness "
    "course softwareapplication videoobject restaurant hotel musicalbum musicevent vehicle "
    "car realestatelisting scholarlyarticle report dataset productgroup techarticle "
)
#: Tags within a line of text, rather than parts of a page of their own.
INLINE = _set(
    "a abbr b bdi br cite code data del em font i ins kbd label mark q rp rt ruby s small span "
    "strike strong sub sup time tt u var wbr "
)
_MENUS = _set("menu pages filter filters lang languages tags")
_BESIDE = frozenset(("nav", "footer", "aside", "dialog", "noscript"))
#: Where nobody names a region by a class.
_WHOLE = frozenset(("html", "body", "main"))
_ENDING = re.compile(r"[\s:：*?？]+$")


def called(words: Iterable[str]) -> str | None:
    """The field that a run of words names; words that say nothing are passed over."""
    apart = (_apart(word) for word in words)
    left = [word for word in apart if word not in _EMPTY]
    for size in (2, 1):
        for start in range(len(left) - size, -1, -1):
            if name := _CALLED.get("-".join(left[start : start + size])):
                kept = [*left[:start], name, *left[start + size :]]
                return "_".join(kept[-3:])
    return "_".join(left[-3:]) or None


def _apart(word: str) -> str:
    """The last part of a word that is written together with what it belongs to."""
    found = _RUN_TOGETHER.fullmatch(word)
    return found[1] if found and found[1] in _CALLED else word


def is_known(name: str | None) -> bool:
    """Whether a field's name is one of Kumo's own words for what is often on pages."""
    return name in _FIELDS


def is_of_others(name: str) -> bool:
    """Whether a link of that name leads to what an item belongs to, not to the item."""
    return name.removesuffix("_url") in _OTHERS


def labelled(label: str) -> str | None:
    """The field that a label or a column's head names; in its own script where it has one."""
    text = _ENDING.sub("", unicodedata.normalize("NFKC", label)).strip().lower()
    if name := _CALLED.get(text) or _CALLED.get(re.sub(r"\s*\(.*?\)", "", text)):
        return name
    name = "_".join(re.findall(r"\w+", text))[:40].strip("_")
    return name or None


def is_aside(tag: str, names: Iterable[str], *, links: bool) -> bool:
    """Whether an element of that tag and those classes is beside what a page is about.

    Without links it is no menu of a website, but perhaps that of a restaurant.
    """
    if tag in _BESIDE:
        return True
    if tag in _WHOLE:
        return False
    words = {word for name in names for word in classes.words(name)}
    return bool(_ASIDE & words) or (links and bool(_MENUS & words))
