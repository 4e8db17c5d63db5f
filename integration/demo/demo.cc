#include "integration/demo/demo.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "index/reindex/reindexer.h"
#include "integration/cli/answer_view.h"
#include "integration/cli/command_options.h"
#include "integration/cli/explanation_view.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/reindex_view.h"
#include "integration/cli/terminal_progress.h"
#include "integration/cli/terminal_text.h"
#include "integration/cli/text_table.h"
#include "integration/demo/shop_generator.h"
#include "integration/demo/shop_words.h"
#include "kernels/error.h"
#include "plugin/search_plugin.h"

namespace segue::integration {
namespace {

namespace fs = std::filesystem;
using index::Event;

/// Small enough for two cores and a minute; docs/accuracy.md has figures of the full configuration.
index::Config demo_config() {
  index::Config config;
  config.mf.factors = 32;
  config.mf.iterations = 6;
  config.transformer.width = 64;
  config.transformer.feed_forward = 64;
  config.transformer.window = 20;
  config.transformer.epochs = 8;
  config.transformer.negatives = 1024;
  config.transformer.dropout = 0.2;
  config.evaluation.max_sequences = 6000;
  return config;
}

void heading(Console& console, const std::string& text) {
  console.out << '\n' << paint(console.out_style, Ink::kBold, text) << "\n\n";
}

/// Adds products of one style whose titles hold a word: what somebody who furnishes looks at.
void look_at(std::vector<Event>& session, const index::Catalogue& catalogue, const std::string& style,
             const std::string& word, std::size_t count) {
  for (index::ItemId item = 0; item < catalogue.size() && count > 0; ++item) {
    const auto found = catalogue.attribute(item, "style");
    const auto* text = found ? std::get_if<std::string>(&*found) : nullptr;
    if (text == nullptr || *text != style || catalogue.title(item).find(word) == std::string::npos) continue;
    Event event;
    event.item = catalogue.id(item);
    session.push_back(std::move(event));
    --count;
  }
}

/// What a shopper looks at: so many products whose titles hold the word.
struct Look {
  std::string word;
  std::size_t count;
};

/// A shopper's session, in one style throughout.
struct Shopper {
  std::string style;
  std::vector<Event> session;
};

/// A shopper who finds all of it in one style: the preferred one or, where a small shop has too little of it,
/// another but `taken`.
Shopper shopper_in(const index::Catalogue& catalogue, const std::string& preferred,
                   const std::vector<Look>& looks, const std::string& taken = {}) {
  std::vector<std::string> styles(shop::kStyles.begin(), shop::kStyles.end());
  std::stable_partition(styles.begin(), styles.end(),
                        [&](const std::string& style) { return style == preferred; });
  for (const std::string& style : styles) {
    if (style == taken) continue;
    std::size_t wanted = 0;
    Shopper shopper{style, {}};
    for (const Look& look : looks) {
      look_at(shopper.session, catalogue, style, look.word, look.count);
      wanted += look.count;
    }
    if (shopper.session.size() == wanted) return shopper;
  }
  throw Error(ErrorKind::kUsage, "this shop is too small to show", "--products", "take more");
}

/// The shoppers of the demonstration.
struct Cast {
  explicit Cast(const index::Catalogue& catalogue)
      : a(shopper_in(catalogue, "industrial", {{"floor lamp", 1}, {"table lamp", 2}})),
        b(shopper_in(catalogue, "botanical", {{"floor lamp", 1}, {"table lamp", 2}}, a.style)),
        c(shopper_in(catalogue, "rustic", {{"picnic basket", 2}})),
        d(shopper_in(catalogue, "retro", {{"wooden train", 2}})) {}

  Shopper a, b;  // light a room each, in styles of their own
  Shopper c, d;
};

std::string titles_of(const index::Catalogue& catalogue, const std::vector<Event>& session) {
  std::string text;
  for (const Event& event : session) {
    text.append(text.empty() ? "" : ", ").append(catalogue.title(catalogue.find(event.item)));
  }
  return text;
}

plugin::Answer search(const plugin::SearchPlugin& plugin, const std::string& query, const std::string& typed,
                      const std::vector<Event>& session, bool explain = false) {
  plugin::Request request;
  request.search.query = query;
  request.search.params = {{"q", typed}, {"ctx", session}};
  request.search.size = 6;
  request.search.explain = explain;
  return plugin.answer(request);
}

plugin::Answer suggest(const plugin::SearchPlugin& plugin, const std::string& typed,
                       const std::vector<Event>& session) {
  plugin::Request request;
  request.suggest = typed;
  request.ctx = session;
  request.has_ctx = true;
  request.search.size = 6;
  return plugin.answer(request);
}

/// Answers beside each other, one column each.
void print_columns(Console& console, const std::vector<std::string>& headings,
                   const std::vector<plugin::Answer>& answers) {
  std::vector<TextTable::Column> columns = {{"", TextTable::Align::kRight}};
  for (const std::string& text : headings) columns.push_back({text, TextTable::Align::kLeft});
  TextTable table(columns);
  std::size_t rows = 0;
  for (const plugin::Answer& answer : answers) rows = std::max(rows, answer.hits.size());
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::string> cells = {std::to_string(row + 1)};
    for (const plugin::Answer& answer : answers)
      cells.push_back(row < answer.hits.size() ? answer.hits[row].text : "");
    table.add_row(std::move(cells));
  }
  table.print(console.out, console.out_style, 2);
}

void show_searches(Console& console, const plugin::SearchPlugin& plugin, const std::vector<Event>& industrial,
                   const std::vector<Event>& botanical) {
  const auto serving = plugin.acquire();
  const index::Catalogue& catalogue = serving->snapshot->catalogue();
  heading(console, "One query, three shoppers: lampshade");
  console.out << "  A looked at: " << titles_of(catalogue, industrial)
              << "\n  B looked at: " << titles_of(catalogue, botanical) << "\n\n";
  const std::string query = "+$q {!session ctx=$ctx topK=300}^4";
  print_columns(console, {"no session:  $q", "A:  +$q {!session ctx=$ctx topK=300}^4", "B:  the same query"},
                {search(plugin, "$q", "lampshade", {}), search(plugin, query, "lampshade", industrial),
                 search(plugin, query, "lampshade", botanical)});
}

void show_suggestions(Console& console, const plugin::SearchPlugin& plugin, const std::vector<Event>& picnic,
                      const std::vector<Event>& children) {
  const auto serving = plugin.acquire();
  const index::Catalogue& catalogue = serving->snapshot->catalogue();
  heading(console, "Three letters typed: pic");
  console.out << "  C looked at: " << titles_of(catalogue, picnic)
              << "\n  D looked at: " << titles_of(catalogue, children) << "\n\n";
  print_columns(
      console, {"no session", "C", "D"},
      {suggest(plugin, "pic", {}), suggest(plugin, "pic", picnic), suggest(plugin, "pic", children)});
}

void show_explanation(Console& console, const plugin::SearchPlugin& plugin,
                      const std::vector<Event>& session) {
  heading(console, "Why A's first hit is the first");
  const plugin::Answer answer =
      search(plugin, "+$q {!session ctx=$ctx topK=300}^4", "lampshade", session, true);
  if (answer.hits.empty()) return;
  console.out << "  " << answer.hits.front().text << "   " << legs_in_short(answer.hits.front().hit) << '\n';
  print_explanation(console.out, console.out_style, answer, answer.hits.front());
}

void show_next_steps(Console& console, const fs::path& folder, const std::vector<Event>& session) {
  heading(console, "Where to go next");
  const std::string store = (folder / "store").string();
  console.out << "  segue search --store " << store << " --explain --ctx '[{\"item\": \""
              << session.front().item << "\"}]' 'reading light {!session ctx=$ctx}^2'\n"
              << "  segue suggest --store " << store << " --ctx '[{\"query\": \"nordic tent\"}]' sle\n"
              << "  segue show --store " << store << ' ' << session.front().item << '\n'
              << "  segue snapshots --store " << store << " list\n\n"
              << "  Your own data: docs/getting-started.md. The query language: docs/query-language.md.\n";
}

void print_shop(Console& console, const ShopReport& shop, const fs::path& folder) {
  heading(console, "A shop, made by a generator");
  console.out << "  " << grouped(shop.products) << " products, " << grouped(shop.queries)
              << " queries that people type, " << grouped(shop.shoppers) << " shoppers, "
              << grouped(shop.sessions) << " sessions, " << grouped(shop.events) << " events\n  in "
              << folder.string() << " (items.jsonl, events.jsonl)\n";
  heading(console, "From logs to a snapshot: segue reindex");
}

void print_report_as_json(Console& console, const fs::path& folder, const index::ReindexReport& report) {
  for (const std::string& warning : report.warnings) warn(console, warning);
  nlohmann::ordered_json object = to_json(report);
  object["folder"] = folder.string();
  print_json(console, object);
}

}  // namespace

void run_demo(const DemoOptions& options, Console& console) {
  const fs::path folder = options.folder;
  require_folder(folder);
  fs::create_directories(folder);
  const ShopReport shop = generate_shop(options.shop, folder / "items.jsonl", folder / "events.jsonl");
  if (!console.json) print_shop(console, shop, folder);
  index::ReindexRequest request;
  request.items = folder / "items.jsonl";
  request.events = folder / "events.jsonl";
  request.store = folder / "store";
  request.config = demo_config();
  request.seed = options.shop.seed;
  index::ReindexReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = index::reindex(request, progress);
    progress.finish();
  }
  if (console.json) {
    print_report_as_json(console, folder, report);
    return;
  }
  print_reindex_report(console, report);

  plugin::Options serve;
  serve.store = request.store;
  const auto plugin = plugin::SearchPlugin::open(serve);
  const auto serving = plugin->acquire();
  const Cast cast(serving->snapshot->catalogue());
  show_searches(console, *plugin, cast.a.session, cast.b.session);
  show_suggestions(console, *plugin, cast.c.session, cast.d.session);
  show_explanation(console, *plugin, cast.a.session);
  show_next_steps(console, folder, cast.a.session);
}

}  // namespace segue::integration
