#include "integration/demo/shop_generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/event.h"
#include "index/input/jsonl_writer.h"
#include "index/item.h"
#include "integration/demo/shop_words.h"

namespace segue::integration {
namespace {

using shop::kBrands;
using shop::kColours;
using shop::kDepartments;
using shop::kStyles;

constexpr std::size_t kSteps = 8;
constexpr std::size_t kMostProducts = 10'000;  // titles run out beyond
constexpr double kFirstDay = 1'772'323'200;    // 2026-03-01
constexpr double kDay = 86'400;
constexpr std::array<std::string_view, 3> kDevices = {"desktop", "phone", "tablet"};
constexpr std::array<std::string_view, 4> kPlaces = {"DE", "FR", "GB", "IT"};
constexpr std::array<std::string_view, 4> kPages = {"deals", "home", "inspiration", "search"};

/// Draws that mean the same on every machine: the library's distributions may differ.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }
  bool chance(double p) { return uniform() < p; }
  /// An index with probability in proportion to its weight.
  std::size_t pick(const std::vector<double>& weights) {
    double total = 0;
    for (const double w : weights) total += w;
    double at = uniform() * total;
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
      if ((at -= weights[i]) < 0) return i;
    }
    return weights.size() - 1;
  }

 private:
  std::mt19937_64 engine_;
};

struct Product {
  std::string id;
  std::size_t department = 0;
  std::size_t step = 0;
  std::size_t style = 0;
  double price_level = 0;  // 0 cheap to 1 dear
  double popularity = 0;
  std::size_t companion = 0;  // a product of the project's next step that goes with it
};

/// What moves the choice of one product.
struct Taste {
  std::size_t style = 0;
  double purse = 0;
  double thrift = 3;  // how much a price beside the purse repels
};

struct Shopper {
  std::string name;
  std::size_t style = 0;
  double purse = 0;
  std::vector<double> departments;  // how much each is liked
};

std::string number(const char* format, std::size_t n) {
  char text[32];
  std::snprintf(text, sizeof text, format, static_cast<unsigned>(n));
  return text;
}

std::string capitalised(std::string text) {
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class Shop {
 public:
  explicit Shop(const ShopOptions& options) : options_(options), random_(options.seed) {
    make_products();
    make_companions();
    make_shoppers();
  }

  ShopReport write(const std::filesystem::path& items, const std::filesystem::path& events);

 private:
  void make_products();
  void make_companions();
  void make_shoppers();
  std::vector<index::Event> session(std::size_t number);
  std::size_t choose(const Taste& taste, std::size_t department, std::size_t step,
                     const std::set<std::size_t>& seen);
  std::map<std::string, std::string> session_context();
  Taste on_page(Taste taste, std::map<std::string, std::string>& context);
  void search(std::vector<index::Event>& events, std::size_t department, std::size_t step, std::size_t style);

  ShopOptions options_;
  Random random_;
  std::vector<index::Item> items_;
  std::vector<Product> products_;
  std::vector<Shopper> shoppers_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::size_t>>
      shelves_;                               // (department, step) -> products
  std::map<std::string, std::size_t> asked_;  // short texts -> times
};

void Shop::make_products() {
  if (options_.products < kDepartments.size() * kSteps || options_.products > kMostProducts) {
    throw std::invalid_argument("a shop has 96 to 10,000 products");
  }
  std::set<std::string> titles;
  while (products_.size() < options_.products) {
    Product product;
    // The first products fill every shelf once; the rest fall where they may.
    const std::size_t shelf = products_.size() < kDepartments.size() * kSteps
                                  ? products_.size()
                                  : random_.below(kDepartments.size() * kSteps);
    product.department = shelf / kSteps;
    product.step = shelf % kSteps;
    product.style = random_.below(kStyles.size());
    product.price_level = random_.uniform();
    const auto& department = kDepartments[product.department];
    const std::string colour(kColours[product.style][random_.below(4)]);
    const std::string material(department.materials[random_.below(department.materials.size())]);
    const std::string noun(department.steps[product.step]);
    const std::string brand(kBrands[random_.below(kBrands.size())]);
    std::string title = capitalised(colour + " " + material + " " + noun);
    if (random_.chance(0.4)) title += " by " + brand;
    if (!titles.insert(title).second) continue;

    product.id = number("P%05u", products_.size() + 1);
    // Zipf over the whole shop: a few products sell much more than the rest.
    product.popularity = 1.0 / std::pow(3.0 + static_cast<double>(random_.below(options_.products)), 0.9);
    index::Item item;
    item.id = product.id;
    item.kind = "product";
    item.title = title;
    item.text = capitalised(std::string(kStyles[product.style])) + " " + noun + " in " + colour + " " +
                material + ", for your " + std::string(department.name) + " corner.";
    const double price = department.low * std::pow(department.high / department.low, product.price_level);
    item.attributes = {{"category", std::string(department.name)},
                       {"price", std::round(price * 20) / 20},
                       {"style", std::string(kStyles[product.style])},
                       {"brand", brand},
                       {"tags", std::vector<std::string>{colour, material}}};
    shelves_[{product.department, product.step}].push_back(products_.size());
    items_.push_back(std::move(item));
    products_.push_back(std::move(product));
  }
}

/// A lamp and the shade that fits it: pairs that only their own history tells.
void Shop::make_companions() {
  for (std::size_t p = 0; p < products_.size(); ++p) {
    const std::size_t next = std::min(products_[p].step + 1, kSteps - 1);
    const std::vector<std::size_t>& shelf = shelves_[{products_[p].department, next}];
    std::vector<std::size_t> alike;
    std::copy_if(shelf.begin(), shelf.end(), std::back_inserter(alike), [&](std::size_t other) {
      return products_[other].style == products_[p].style && other != p;
    });
    const std::vector<std::size_t>& from = alike.empty() ? shelf : alike;
    products_[p].companion = from[random_.below(from.size())];
  }
}

void Shop::make_shoppers() {
  for (std::size_t s = 0; s < options_.shoppers; ++s) {
    Shopper shopper{number("u%05u", s + 1), random_.below(kStyles.size()), random_.uniform(), {}};
    for (std::size_t d = 0; d < kDepartments.size(); ++d) {
      shopper.departments.push_back(std::pow(random_.uniform(), 3.0));
    }
    shoppers_.push_back(std::move(shopper));
  }
}

/// A product of a shelf that suits and was not looked at yet: the session's style first, then the purse, then
/// popularity.
std::size_t Shop::choose(const Taste& taste, std::size_t department, std::size_t step,
                         const std::set<std::size_t>& seen) {
  const std::vector<std::size_t>& shelf = shelves_[{department, step}];
  std::vector<double> weights;
  for (const std::size_t p : shelf) {
    const double gap = products_[p].price_level - taste.purse;
    const double suits = products_[p].style == taste.style ? 6.0 : 0.5;
    weights.push_back(
        seen.contains(p) ? 1e-9 : products_[p].popularity * suits * std::exp(-taste.thrift * gap * gap));
  }
  return shelf[random_.pick(weights)];
}

/// Where the shopper is and with what; empty in a shop without context.
std::map<std::string, std::string> Shop::session_context() {
  if (!options_.context) return {};
  return {{"device", std::string(kDevices[random_.below(kDevices.size())])},
          {"place", std::string(kPlaces[random_.below(kPlaces.size())])}};
}

/// Turns a page, which goes into the context, and says what a shopper looks for there.
Taste Shop::on_page(Taste taste, std::map<std::string, std::string>& context) {
  if (context.empty()) return taste;
  const std::string_view page = kPages[random_.below(kPages.size())];
  context["page"] = page;
  if (context["device"] == "phone") taste.purse /= 2;
  if (page == "deals") taste = {taste.style, 0.0, 30.0};
  if (page == "inspiration") {
    const auto place = std::find(kPlaces.begin(), kPlaces.end(), context["place"]) - kPlaces.begin();
    taste.style = static_cast<std::size_t>(place) % kStyles.size();
  }
  return taste;
}

/// What the shopper types before looking: the noun, often refined; sometimes words that nobody else uses.
void Shop::search(std::vector<index::Event>& events, std::size_t department, std::size_t step,
                  std::size_t style) {
  const std::string noun(kDepartments[department].steps[step]);
  const auto type = [&](std::string text) {
    index::Event event;
    event.query = std::move(text);
    event.action = "search";
    events.push_back(std::move(event));
  };
  const auto ask = [&](std::string text) {
    ++asked_[text];
    type(std::move(text));
  };
  if (random_.chance(0.5)) ask(noun);
  if (random_.chance(0.45)) {
    const std::string colour(kColours[style][random_.below(4)]);
    switch (random_.below(3)) {
      case 0:
        ask(colour + " " + noun);
        break;
      case 1:
        ask(std::string(kStyles[style]) + " " + noun);
        break;
      default:
        type("a " + noun + " for my " + std::string(kStyles[style]) + " house, " + colour + " please");
    }
  }
}

std::vector<index::Event> Shop::session(std::size_t session_number) {
  // Some shoppers come often, most seldom.
  const double draw = random_.uniform();
  const Shopper& shopper =
      shoppers_[static_cast<std::size_t>(draw * draw * static_cast<double>(shoppers_.size()))];
  const std::size_t style = random_.chance(0.75) ? shopper.style : random_.below(kStyles.size());
  std::size_t department = random_.pick(shopper.departments);
  std::size_t step = random_.below(kSteps - 2);
  std::vector<index::Event> events;
  std::map<std::string, std::string> context = session_context();
  const auto touch = [&](std::size_t product, const char* action) {
    index::Event event;
    event.item = products_[product].id;
    event.action = action;
    event.context = context;
    events.push_back(std::move(event));
  };
  const std::size_t stops = 2 + random_.below(4);
  std::set<std::size_t> seen;
  std::size_t product = products_.size();  // the one looked at last; none yet
  for (std::size_t stop = 0; stop < stops && step < kSteps; ++stop) {
    const bool follows_pair =
        product < products_.size() && random_.chance(0.3) && !seen.contains(products_[product].companion);
    if (!follows_pair && random_.chance(0.55)) search(events, department, step, style);
    const std::size_t looks = 1 + random_.below(3);
    for (std::size_t look = 0; look < looks; ++look) {
      const Taste taste = on_page({style, shopper.purse}, context);
      product =
          follows_pair && look == 0 ? products_[product].companion : choose(taste, department, step, seen);
      seen.insert(product);
      const bool buys = look + 1 == looks && random_.chance(0.35);
      touch(product, buys ? "purchase" : "view");
    }
    // The project goes on; now and then something else comes to mind.
    if (random_.chance(0.1)) {
      department = random_.pick(shopper.departments);
      step = random_.below(kSteps - 1);
    } else {
      step += random_.chance(0.8) ? 1 : 2;
    }
  }

  double time = std::floor(kFirstDay + kDay * 90 * random_.uniform());
  for (index::Event& event : events) {
    event.session = number("s%06u", session_number + 1);
    event.user = shopper.name;
    event.time = time;
    time += 5 + static_cast<double>(random_.below(90));
  }
  return events;
}

ShopReport Shop::write(const std::filesystem::path& items, const std::filesystem::path& events) {
  ShopReport report;
  std::set<std::string> shoppers;
  index::JsonlWriter log(events);
  while (report.events < options_.events) {
    for (const index::Event& event : session(report.sessions)) {
      if (report.events == options_.events) break;
      log.write(event);
      shoppers.insert(event.user);
      ++report.events;
    }
    ++report.sessions;
  }
  log.finish();
  report.shoppers = shoppers.size();

  // What many people typed is a suggestion of the shop's own; the rest stays text.
  const std::size_t often = std::max<std::size_t>(2, options_.events / 25'000);
  index::JsonlWriter catalogue(items);
  for (const index::Item& item : items_) catalogue.write(item);
  for (const auto& [text, times] : asked_) {
    if (times < often) continue;
    index::Item query;
    query.id = "Q:" + text;
    query.kind = std::string(index::kQueryKind);
    query.title = text;
    query.weight = static_cast<double>(times);
    catalogue.write(query);
    ++report.queries;
  }
  catalogue.finish();
  report.products = products_.size();
  return report;
}

}  // namespace

ShopReport generate_shop(const ShopOptions& options, const std::filesystem::path& items,
                         const std::filesystem::path& events) {
  return Shop(options).write(items, events);
}

}  // namespace segue::integration
