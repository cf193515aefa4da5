"""The words the shop's products are made of: wares by category, and the colours they come in.

Names mix English and Japanese on purpose, so that everything behind a crawl meets both.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in both languages and as the drawing of a product shows it."""

    english: str
    japanese: str
    code: str


@dataclass(frozen=True, slots=True)
class Ware:
    """One kind of thing the shop sells; each colour of it is a product."""

    name: str
    euros: int
    blurb: str


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of the shop. Its slug is its address and the name of its drawing."""

    slug: str
    title: str
    wares: tuple[Ware, ...]


COLOURS = (
    Colour("indigo", "藍", "#34508c"),
    Colour("persimmon", "柿", "#d9692b"),
    Colour("moss", "苔", "#75803c"),
    Colour("charcoal", "墨", "#4a4a4f"),
    Colour("plum", "梅", "#a34767"),
    Colour("sand", "砂", "#bf9d68"),
    Colour("sky", "空", "#5b9bc4"),
    Colour("vermilion", "朱", "#c8412f"),
    Colour("bamboo", "竹", "#4f8f63"),
    Colour("wisteria", "藤", "#8472b8"),
    Colour("chestnut", "栗", "#7d4f35"),
    Colour("mist", "霧", "#8795a1"),
)

TEA = (
    Ware("Cast-iron teapot", 68, "Keeps a litre of tea hot through a long talk."),
    Ware("抹茶茶碗", 42, "A matcha bowl, thrown by hand and glazed twice."),
    Ware("Travel tea flask", 29, "Double-walled steel with a strainer in the lid."),
    Ware("Tea caddy", 18, "Closes by its own weight and keeps the leaves dry."),
    Ware("茶筅", 24, "A whisk split from one piece of bamboo into eighty tines."),
    Ware("Porcelain cup, set of two", 32, "Thin enough to see the light through."),
    Ware("Glass cold-brew bottle", 27, "Fill it in the evening, pour it at noon."),
    Ware("急須", 55, "A side-handled pot for green tea, from Tokoname clay."),
    Ware("Tea towel", 12, "Linen and cotton, softer with every wash."),
    Ware("Wooden tea scoop", 9, "Measures one cup's worth of leaves."),
    Ware("Kettle warmer", 38, "A candle stand that holds eighty degrees."),
    Ware("湯呑み", 16, "A tall cup that warms both hands."),
)
KITCHEN = (
    Ware("Vegetable knife", 89, "A straight edge for clean, thin slices."),
    Ware("土鍋", 74, "An earthen pot for rice and for winter stews."),
    Ware("Chopping board", 34, "One plank of cypress, light and quick to dry."),
    Ware("Ginger grater", 14, "Copper teeth that do not tear the fibres."),
    Ware("Rice paddle", 8, "Its dimples keep the grains from sticking."),
    Ware("卵焼き器", 46, "The square pan that rolled omelettes need."),
    Ware("Mixing bowls, set of three", 40, "They nest, and each has a pouring lip."),
    Ware("Chopsticks, five pairs", 19, "Five woods, so that everybody finds their own."),
    Ware("すり鉢", 31, "A ridged mortar for sesame, miso and sauces."),
    Ware("Bento box", 26, "Two storeys, one strap, no leaks."),
    Ware("Steaming basket", 22, "Woven bamboo; two of them stack."),
    Ware("Spice jars, set of six", 28, "Ground glass stoppers keep the scent in."),
)
STATIONERY = (
    Ware("Fountain pen", 64, "A fine steel nib that forgives a heavy hand."),
    Ware("和紙の便箋", 15, "Letter paper that shows its fibres against the light."),
    Ware("Dotted notebook", 13, "Lies flat, numbers its pages, takes ink well."),
    Ware("Brush pen", 7, "From a hairline to a thumb's width in one stroke."),
    Ware("Brass ruler", 17, "Fifteen centimetres that grow a fine patina."),
    Ware("万年筆インク", 20, "Ink that shades from deep to pale as it dries."),
    Ware("Pencil case", 23, "Waxed canvas that stands open on the desk."),
    Ware("Desk calendar", 11, "One leaf a month, and paper good enough to keep."),
    Ware("はさみ", 33, "Scissors forged in one piece, sharp to the tip."),
    Ware("Sealing wax", 10, "Six sticks that melt without a wick."),
    Ware("Paper tape, set of ten", 12, "Tears by hand and lifts off without a trace."),
    Ware("Letter opener", 21, "A quiet blade for the morning post."),
)
TEXTILES = (
    Ware("Woollen blanket", 96, "Woven from lambswool and brushed on both sides."),
    Ware("風呂敷", 25, "One square of cloth that carries everything."),
    Ware("Linen apron", 44, "Crosses at the back; nothing to tie."),
    Ware("Cushion cover", 30, "Heavy cotton with a hidden zip."),
    Ware("手ぬぐい", 11, "A hand towel, dyed through so that both sides match."),
    Ware("Door curtain", 58, "Hangs in two halves and moves with the wind."),
    Ware("Bath towel", 36, "A waffle weave that dries before the evening."),
    Ware("Table runner", 39, "Two metres, hemmed by hand."),
    Ware("座布団", 52, "A floor cushion filled with cotton."),
    Ware("Tote bag", 27, "Carries a week's vegetables or a laptop."),
    Ware("Knitted scarf", 48, "Long enough to wind around twice."),
    Ware("足袋ソックス", 14, "Split-toe socks that stay where they are."),
)
LIVING = (
    Ware("Paper lantern", 45, "A warm light that folds flat for the move."),
    Ware("風鈴", 22, "A glass wind chime for the hottest month."),
    Ware("Flower vase", 37, "Holds one branch as well as a bunch."),
    Ware("Incense holder", 16, "Catches its own ash."),
    Ware("Wall clock", 79, "Silent hands and a face of beech."),
    Ware("お香", 13, "Forty sticks of cedar and sandalwood."),
    Ware("Wooden tray", 35, "Raised edges, and handles cut from the same board."),
    Ware("Reading lamp", 85, "Turns, tilts and dims with one knob."),
    Ware("だるま", 18, "Paint one eye with a wish, the other when it comes true."),
    Ware("Storage basket", 41, "Woven seagrass that keeps its shape."),
    Ware("Bonsai pot", 33, "Unglazed, with two drains and four feet."),
    Ware("Candle, beeswax", 19, "Burns for forty hours and smells of summer."),
)

CATEGORIES = (
    Category("tea", "Tea", TEA),
    Category("kitchen", "Kitchen", KITCHEN),
    Category("stationery", "Stationery", STATIONERY),
    Category("textiles", "Textiles", TEXTILES),
    Category("living", "Living", LIVING),
)
