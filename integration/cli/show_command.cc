#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <variant>

#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/text_table.h"
#include "integration/cli/value_text.h"
#include "integration/jobs/show_job.h"

namespace segue::integration {
namespace {

using nlohmann::ordered_json;

struct ShowOptions {
  std::string store;
  std::string id;
  std::size_t size = 5;
};

/// What the two items have in common, beside the model's own reason.
std::string why(const Related& related) {
  std::string text;
  if (related.sequences > 0) text = counted(related.sequences, "session", "sessions") + " in common";
  if (!related.words.empty()) text += (text.empty() ? "" : "; ") + ("words: " + joined(related.words));
  if (!related.attributes.empty()) text += (text.empty() ? "" : "; ") + joined(related.attributes);
  return text;
}

ordered_json to_json(const index::Snapshot& snapshot, const ItemPortrait& portrait) {
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::Item item = catalogue.item(portrait.item);
  ordered_json object = {{"snapshot", snapshot.id()}, {"id", item.id},
                         {"kind", item.kind},         {"title", item.title},
                         {"text", item.text},         {"attributes", ordered_json::object()}};
  for (const auto& [name, value] : item.attributes)
    object["attributes"][name] = std::visit([](const auto& v) { return ordered_json(v); }, value);
  if (item.weight) object["weight"] = *item.weight;
  object["events"] = portrait.events;
  if (portrait.rank > 0) object["rank"] = portrait.rank;
  object["models"] = ordered_json::object();
  for (const RelatedByModel& model : portrait.models) {
    ordered_json neighbours = ordered_json::array();
    for (const Related& related : model.items) {
      neighbours.push_back({{"id", catalogue.id(related.item)},
                            {"title", catalogue.title(related.item)},
                            {"score", related.score},
                            {"words", related.words},
                            {"attributes", related.attributes}});
      if (related.sequences > 0) neighbours.back()["because"] = {{"sessions_in_common", related.sequences}};
    }
    object["models"][model.model] = {{"measure", model.measure}, {"neighbours", neighbours}};
  }
  return object;
}

void print_portrait(Console& console, const index::Snapshot& snapshot, const ItemPortrait& portrait) {
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::Item item = catalogue.item(portrait.item);
  console.out << printable(item.id) << "  " << paint(console.out_style, Ink::kBold, printable(item.title))
              << "\n\n";
  TextTable facts({{""}, {""}});
  facts.add_row({"kind", item.kind});
  if (!item.text.empty()) facts.add_row({"text", item.text});
  for (const auto& [name, value] : item.attributes) facts.add_row({name, value_text(value)});
  if (item.weight) facts.add_row({"weight", count_text(*item.weight)});
  facts.add_row({"events", portrait.rank == 0
                               ? "none"
                               : count_text(portrait.events) + ", rank " + grouped(portrait.rank) + " of " +
                                     grouped(portrait.of_items)});
  facts.print(console.out, console.out_style, 2);
  for (const RelatedByModel& model : portrait.models) {
    if (model.items.empty()) continue;
    console.out << '\n'
                << paint(console.out_style, Ink::kCyan, model.model) << " (" << model.measure << ")\n";
    TextTable table({{"", TextTable::Align::kRight}, {"", TextTable::Align::kLeft, true}, {""}, {""}});
    for (const Related& related : model.items) {
      table.add_row({fixed_number(related.score, 3), std::string(catalogue.id(related.item)),
                     std::string(catalogue.title(related.item)), why(related)});
    }
    table.print(console.out, console.out_style, 2);
  }
  if (portrait.models.empty())
    console.out << "\nno model knows it: it had no events, and came without a vector\n";
}

void show(const ShowOptions& options, Console& console) {
  const auto plugin = open_store(options.store);
  const auto serving = plugin->acquire();
  const ItemPortrait portrait = portrait_of(*serving->snapshot, options.id, options.size);
  if (console.json) {
    print_json(console, to_json(*serving->snapshot, portrait));
  } else {
    print_portrait(console, *serving->snapshot, portrait);
  }
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<ShowOptions>();
  parser.add_option("ID", options->id, "The item")->required();
  add_store_option(parser, options->store);
  add_number_option(parser, "--size", options->size, "How many neighbours by each model");
  return [options](Console& console) { show(*options, console); };
}

}  // namespace

Command show_command() {
  return {.name = "show",
          .summary = "An item, its neighbours by each model, and why",
          .example = "segue show --store shop.store 85123A",
          .declare = declare};
}

}  // namespace segue::integration
