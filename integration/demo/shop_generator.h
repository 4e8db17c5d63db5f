#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace segue::integration {

/// A shop to try things on.
struct ShopOptions {
  std::uint64_t seed = 1;
  std::size_t products = 3000;  ///< 96 to 10,000, else std::invalid_argument: titles differ
  std::size_t shoppers = 6000;
  std::size_t events = 200'000;
  /// Events carry a context that decides, too: `device` and `place` of the session, `page` of each event. On
  /// the page `deals` people look at what is cheap, on `inspiration` at the style of their place, on `search`
  /// and `home` as they always do; a phone wants things cheaper.
  bool context = false;
};

struct ShopReport {
  std::size_t products = 0;
  std::size_t queries = 0;  ///< items of kind `query`
  std::size_t shoppers = 0;
  std::size_t sessions = 0;
  std::size_t events = 0;
};

/// Writes items.jsonl and events.jsonl of a shop for home and outdoors, 90 days of it. A product has a style,
/// a price and a place in a project (a tent comes before a sleeping bag); a shopper has a favourite style, a
/// purse and favourite departments; a session walks along a project: it searches, refines, clicks and buys.
/// So what comes next depends on the session (style), on its order (the next step of the project), on pairs
/// that go together (a lamp and its shade) and on popularity. The same options give the same bytes. Throws
/// Error (kResource) for files that cannot be written.
ShopReport generate_shop(const ShopOptions& options, const std::filesystem::path& items,
                         const std::filesystem::path& events);

}  // namespace segue::integration
