#include "index/reindex/reindex_input.h"

#include <iterator>
#include <utility>

#include "index/import/import_vectors.h"
#include "index/input/events_reader.h"
#include "index/input/items_reader.h"
#include "index/input/sessionise.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

void append(std::vector<std::string>& to, std::vector<std::string> lines) {
  to.insert(to.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
}

}  // namespace

ReindexInput read_reindex_input(const ReindexRequest& request, ReindexReport& report, Phases& phases, Progress& progress) {
  ReindexInput input;
  phases.begin("validate");
  if (!request.items.empty()) {
    ItemsInput read = read_items(request.items, {request.skip_invalid, request.last_wins}, &progress);
    report.counts["item lines"] = read.report.lines;
    report.counts["item lines skipped as invalid"] = read.report.invalid;
    report.counts["item lines that replaced an earlier one"] = read.report.replaced;
    append(report.warnings, read.report.warnings());
    input.catalogue = std::make_unique<Catalogue>(std::move(read.items));
  } else if (!request.events.empty()) {
    input.catalogue = std::make_unique<Catalogue>(
        make_catalogue_from_events(request.events, {request.skip_invalid}, &progress));
  } else {
    throw Error(ErrorKind::kUsage, "there is nothing to index", "reindex", "give --items, --events or both");
  }
  if (input.catalogue->size() == 0) {
    throw Error(ErrorKind::kBadInput, "there are no items",
                (request.items.empty() ? request.events : request.items).string(),
                "a snapshot needs at least one");
  }
  if (!request.import_vectors.empty()) {
    const ImportedVectors imported = import_vectors(request.import_vectors, *input.catalogue);
    report.counts["items with an imported vector"] = imported.items;
    if (imported.strangers > 0)
      report.warnings.push_back(std::to_string(imported.strangers) + " imported vectors belong to no item");
    input.catalogue = std::make_unique<Catalogue>(imported.catalogue);
  }
  report.counts["items"] = input.catalogue->size();
  report.counts["items of kind query"] = input.catalogue->queries().count();
  if (request.events.empty()) return input;

  phases.begin("sessionise");
  EventsReader reader(request.events, {request.skip_invalid});
  Sessioniser sessioniser(*input.catalogue, session_options(request.config.events));
  input.log = sessionise(reader, sessioniser, &progress);
  const Config::Context& context = request.config.context;
  input.contexts = ContextVocabulary::learn(
      input.log, {context.keys, context.min_count, context.max_values, context.utc_offset});
  input.event_contexts = event_contexts(input.log, input.contexts);
  if (!input.contexts.empty()) report.counts["values of context"] = input.contexts.size();
  const SessionReport& sessions = sessioniser.report();
  report.counts["event lines"] = reader.report().lines;
  report.counts["event lines skipped as invalid"] = reader.report().invalid;
  report.counts["events on items"] = sessions.item_events;
  report.counts["typed texts that are items"] = sessions.query_items;
  report.counts["typed texts that are no items"] = sessions.texts;
  report.counts["events skipped, unknown item"] = sessions.unknown_items;
  report.counts["events skipped, empty text"] = sessions.empty_texts;
  report.counts["events merged with the one before"] = sessions.repeats;
  report.counts["sequences"] = sessions.sequences;
  report.counts["users"] = sessions.users;
  append(report.warnings, reader.report().warnings());
  append(report.warnings, sessions.warnings());
  return input;
}

}  // namespace segue::index
