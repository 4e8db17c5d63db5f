#pragma once

#include <array>
#include <string_view>

/// What the generated shop sells. A department's products stand in the order in which people buy them for a
/// project.
namespace segue::integration::shop {

struct Department {
  std::string_view name;
  double low;  ///< usual prices
  double high;
  std::array<std::string_view, 8> steps;  ///< products, in the order of the project
  std::array<std::string_view, 6> materials;
};

inline constexpr std::array<Department, 12> kDepartments = {{
    {"camping",
     8,
     240,
     {"tent", "sleeping bag", "camping mat", "camp stove", "enamel mug", "headlamp", "water bottle",
      "dry bag"},
     {"canvas", "nylon", "down", "titanium", "aluminium", "recycled"}},
    {"lighting",
     12,
     180,
     {"floor lamp", "table lamp", "lampshade", "reading light", "string lights", "candle holder", "lantern",
      "wall sconce"},
     {"brass", "linen", "paper", "smoked glass", "ceramic", "oak"}},
    {"kitchen",
     5,
     150,
     {"saucepan", "frying pan", "chopping board", "chef knife", "mixing bowl", "measuring jug", "apron",
      "spice rack"},
     {"copper", "cast iron", "bamboo", "steel", "stoneware", "walnut"}},
    {"baking",
     4,
     60,
     {"cake tin", "rolling pin", "pastry brush", "cookie cutter", "piping bag", "cake stand", "cupcake cases",
      "oven glove"},
     {"silicone", "beech", "enamel", "glass", "cotton", "tin"}},
    {"tea and coffee",
     6,
     120,
     {"coffee grinder", "coffee pot", "espresso cup", "milk jug", "teapot", "tea strainer", "mug",
      "sugar bowl"},
     {"porcelain", "glass", "steel", "stoneware", "copper", "terracotta"}},
    {"bath",
     5,
     90,
     {"bath towel", "hand towel", "bath mat", "soap dish", "toothbrush holder", "laundry basket", "bathrobe",
      "shower caddy"},
     {"cotton", "linen", "bamboo", "teak", "ceramic", "waffle"}},
    {"bedroom",
     15,
     220,
     {"duvet cover", "fitted sheet", "pillowcase", "throw blanket", "cushion", "bedside table", "alarm clock",
      "blackout curtain"},
     {"linen", "cotton", "wool", "velvet", "washed silk", "oak"}},
    {"garden",
     4,
     130,
     {"planter", "watering can", "hand trowel", "seed tray", "garden gloves", "bird feeder", "garden bench",
      "wind chime"},
     {"zinc", "terracotta", "cedar", "galvanised", "bamboo", "slate"}},
    {"writing desk",
     3,
     110,
     {"notebook", "fountain pen", "pencil case", "desk organiser", "desk lamp", "paper tray", "letter opener",
      "wall calendar"},
     {"leather", "cork", "brass", "recycled", "walnut", "felt"}},
    {"children",
     4,
     80,
     {"building blocks", "wooden train", "picture book", "soft bear", "night light", "crayon set",
      "play tent", "growth chart"},
     {"wooden", "organic", "felt", "cotton", "painted", "knitted"}},
    {"picnic",
     5,
     95,
     {"picnic basket", "picnic blanket", "cool bag", "lunch box", "melamine plate", "paper straws",
      "wine cooler", "citronella candle"},
     {"wicker", "wool", "waxed", "bamboo", "tin", "canvas"}},
    {"wrapping",
     2,
     30,
     {"gift box", "wrapping paper", "satin ribbon", "gift tag", "greeting card", "paper bag", "sealing wax",
      "photo album"},
     {"kraft", "printed", "velvet", "handmade", "recycled", "metallic"}},
}};

inline constexpr std::array<std::string_view, 6> kStyles = {"nordic",    "rustic",     "retro",
                                                            "botanical", "industrial", "coastal"};

/// Colours by style: what makes a style visible in titles.
inline constexpr std::array<std::array<std::string_view, 4>, 6> kColours = {{
    {"white", "pale grey", "soft blue", "natural"},
    {"cream", "chestnut", "moss", "brick red"},
    {"mustard", "teal", "orange", "pink"},
    {"leaf green", "fern", "ivory", "rose"},
    {"black", "graphite", "rust", "raw steel"},
    {"navy", "sand", "sea green", "striped"},
}};

inline constexpr std::array<std::string_view, 8> kBrands = {
    "Alder & Co", "Norrhem", "Pinewick", "Oldfield", "Casa Luma", "Harbour Lane", "Fernhill", "Studio Ott"};

}  // namespace segue::integration::shop
