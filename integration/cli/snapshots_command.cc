#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "index/reindex/learning_curve_plot.h"
#include "index/snapshot/durable_file.h"
#include "index/snapshot/snapshot_store.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/snapshots_view.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"

namespace segue::integration {
namespace {

using nlohmann::ordered_json;

struct SnapshotsOptions {
  std::string store;
  std::string id;
  std::string before;
  std::string after;
  std::string picture;
  std::size_t keep = 0;
};

index::SnapshotStore store_of(const SnapshotsOptions& options) {
  require_folder(options.store);
  index::SnapshotStore store(options.store);
  if (!store.exists())
    throw Error(ErrorKind::kBadInput, "there is no store", options.store,
                "`segue reindex --store DIR` makes one");
  return store;
}

/// What a subcommand does, once its options are read.
using Task = void (*)(const SnapshotsOptions&, Console&);

void list(const SnapshotsOptions& options, Console& console) {
  const std::vector<SnapshotRow> rows = snapshot_rows(store_of(options));
  if (console.json) {
    print_json(console, to_json(rows));
  } else {
    print_snapshots(console, rows);
  }
}

void verify(const SnapshotsOptions& options, Console& console) {
  const index::SnapshotStore store = store_of(options);
  kernels::ThreadPool pool;
  store.current();  // a damaged CURRENT is damage, too
  ordered_json verified = ordered_json::array();
  std::optional<Error> damage;
  for (const std::string& id : store.ids()) {
    try {
      const index::Manifest manifest = store.verify(id, &pool);
      verified.push_back(
          {{"id", id}, {"intact", true}, {"files", manifest.files.size()}, {"bytes", manifest.byte_count()}});
      if (!console.json) {
        console.out << id << ": intact, " << counted(manifest.files.size(), "file", "files") << ", "
                    << byte_size(static_cast<double>(manifest.byte_count())) << '\n';
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kDamagedStore) throw;
      verified.push_back({{"id", id}, {"intact", false}, {"problem", error.what()}});
      if (!console.json) console.out << id << ": " << paint(console.out_style, Ink::kRed, "damaged") << '\n';
      if (damage) warn(console, damage->what());
      damage = error;
    }
  }
  if (console.json) print_json(console, verified);
  if (damage) throw Error(*damage);
}

void rollback(const SnapshotsOptions& options, Console& console) {
  const index::SnapshotStore store = store_of(options);
  const std::string id = store.rollback(options.id.empty() ? std::nullopt : std::optional(options.id));
  if (console.json) {
    print_json(console, ordered_json{{"current", id}});
  } else {
    console.out << "snapshot " << id << " serves now\n";
  }
}

void prune(const SnapshotsOptions& options, Console& console) {
  const std::vector<std::string> removed = store_of(options).prune(options.keep);
  if (console.json) {
    print_json(console, ordered_json{{"removed", removed}});
    return;
  }
  for (const std::string& id : removed) console.out << "removed " << id << '\n';
  if (removed.empty()) console.out << "nothing to remove\n";
}

void diff(const SnapshotsOptions& options, Console& console) {
  const index::SnapshotDiff difference = store_of(options).diff(options.before, options.after);
  if (console.json) {
    print_json(console, index::to_json(difference));
  } else {
    print_diff(console, difference);
  }
}

void plot(const SnapshotsOptions& options, Console& console) {
  require_svg("FILE", options.picture);
  const index::SnapshotStore store = store_of(options);
  const std::string id = options.id.empty() ? store.current().value_or("") : options.id;
  if (id.empty()) throw Error(ErrorKind::kBadInput, "no snapshot serves", options.store, "name one");
  std::vector<index::LearningCurve> curves;
  const index::Manifest manifest = store.open_manifest(id);
  for (const auto& curve : manifest.training.value("curves", nlohmann::json::array()))
    curves.push_back(index::learning_curve_from_json(curve));
  index::write_durably(options.picture, index::learning_curves_svg(curves));
  if (console.json) {
    print_json(console, ordered_json{{"id", id}, {"file", options.picture}, {"curves", curves.size()}});
  } else {
    console.out << counted(curves.size(), "learning curve", "learning curves") << " of " << id << " in "
                << printable(options.picture) << '\n';
  }
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<SnapshotsOptions>();
  const auto task = std::make_shared<Task>(nullptr);
  add_store_option(parser, options->store);
  parser.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, Task run) {
    CLI::App* sub = parser.add_subcommand(name, summary);
    sub->fallthrough();  // --store and --json may stand behind it, too
    sub->set_help_flag("-h,--help", "Print this help");
    sub->callback([task, run] { *task = run; });
    return sub;
  };
  add("list", "All snapshots, with their figures", list);
  add("verify", "Compare every file with its checksum; status 3 when one is damaged", verify);
  add("rollback", "Let an older snapshot serve", rollback)
      ->add_option("ID", options->id, "The snapshot; by default the newest one older than the current");
  CLI::App* pruning =
      add("prune", "Remove all but the newest snapshots; the one that serves stays in any case", prune);
  add_number_option(*pruning, "--keep", options->keep,
                    "How many of the newest to keep; after a rollback the one that serves may be one more");
  pruning->get_option("--keep")->required()->default_str("");
  CLI::App* compare = add("diff", "What differs between two snapshots", diff);
  compare->add_option("A", options->before, "The snapshot before")->required();
  compare->add_option("B", options->after, "The snapshot after")->required();
  CLI::App* picture = add("plot", "Draw the learning curves of a snapshot's models as SVG", plot);
  picture->add_option("FILE", options->picture, "The picture to write, FILE.svg")->required();
  picture->add_option("ID", options->id, "The snapshot; by default the one that serves");
  return [options, task](Console& console) { (*task)(*options, console); };
}

}  // namespace

Command snapshots_command() {
  return {.name = "snapshots",
          .summary = "List, verify, roll back, prune, compare or plot snapshots",
          .example = "segue snapshots --store shop.store list",
          .declare = declare};
}

}  // namespace segue::integration
