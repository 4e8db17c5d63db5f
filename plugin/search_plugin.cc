#include "plugin/search_plugin.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"

namespace segue::plugin {
namespace {

/// Opens a snapshot and runs each part once, so that the first request finds caches filled and pages mapped.
std::shared_ptr<const Serving> open_serving(const index::SnapshotStore& store, const std::string& id,
                                            const kernels::Backend& backend, const Options& options) {
  auto serving = std::make_shared<Serving>();
  serving->snapshot = index::Snapshot::open(store, id, backend, options.verify);
  serving->engine = std::make_unique<query::QueryEngine>(*serving->snapshot, options.limits);
  const index::Catalogue& catalogue = serving->snapshot->catalogue();
  if (catalogue.size() > 0) {
    index::Event event;
    event.item = catalogue.id(0);
    const std::vector<index::Event> session = {event};
    query::SearchRequest warm;
    warm.query = "$q {!session ctx=$ctx}";
    warm.params = {{"q", std::string(catalogue.title(0))}, {"ctx", session}};
    serving->engine->search(warm);
    query::SuggestRequest suggest;
    suggest.session = session;
    serving->engine->suggest(suggest);
  }
  return serving;
}

std::map<std::string, FieldValue> fields_of(const index::Item& item, const std::vector<std::string>& names) {
  std::map<std::string, FieldValue> fields;
  const bool all = std::find(names.begin(), names.end(), "*") != names.end();
  const auto wanted = [&](const std::string& name) {
    return all || std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!item.title.empty() && wanted("title")) fields["title"] = item.title;
  if (!item.text.empty() && wanted("text")) fields["text"] = item.text;
  for (const auto& [name, value] : item.attributes) {
    if (wanted(name)) fields[name] = value;
  }
  return fields;
}

}  // namespace

struct SearchPlugin::Impl {
  Options options;
  std::unique_ptr<kernels::Backend> backend;  // outlives every snapshot that it opened
  index::SnapshotStore store;
  mutable std::mutex mutex;  // guards serving, held only to copy or replace the pointer
  std::shared_ptr<const Serving> serving;
  std::mutex refreshing;  // one refresh at a time
  std::mutex poll_mutex;
  std::condition_variable poll_wake;
  bool stop = false;
  std::thread poller;

  explicit Impl(const Options& o) : options(o), backend(kernels::make_backend(o.device)), store(o.store) {}

  ~Impl() {
    {
      const std::lock_guard lock(poll_mutex);
      stop = true;
    }
    poll_wake.notify_all();
    if (poller.joinable()) poller.join();
  }

  std::shared_ptr<const Serving> acquire() const {
    const std::lock_guard lock(mutex);
    return serving;
  }

  std::string wanted_snapshot() const {
    if (!options.snapshot.empty()) return options.snapshot;
    const auto current = store.current();
    if (!current) {
      throw Error(ErrorKind::kBadInput, "nothing is published in this store", options.store.string(),
                  "run `segue reindex --store " + options.store.string() + "` first");
    }
    return *current;
  }

  bool refresh() {
    const std::lock_guard one(refreshing);
    for (int attempt = 1;; ++attempt) {
      const std::string wanted = wanted_snapshot();
      if (const auto now = acquire(); now && now->snapshot->id() == wanted) return false;
      std::shared_ptr<const Serving> next;
      try {
        next = open_serving(store, wanted, *backend, options);
      } catch (const Error&) {
        // Between the look and the opening another may have been published and this one pruned: look again.
        if (attempt < 5 && wanted_snapshot() != wanted) continue;
        throw;
      }
      const std::lock_guard lock(mutex);
      serving.swap(next);
      return true;
    }
  }

  void poll() {
    std::unique_lock lock(poll_mutex);
    while (!poll_wake.wait_for(lock, options.poll, [this] { return stop; })) {
      lock.unlock();
      try {
        refresh();
      } catch (const Error&) {
        // The old snapshot goes on serving; the next look may find the store mended.
      }
      lock.lock();
    }
  }
};

SearchPlugin::SearchPlugin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SearchPlugin::~SearchPlugin() = default;

std::unique_ptr<SearchPlugin> SearchPlugin::open(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  impl->refresh();
  if (options.poll.count() > 0) {
    impl->poller = std::thread([inner = impl.get()] { inner->poll(); });
  }
  return std::unique_ptr<SearchPlugin>(new SearchPlugin(std::move(impl)));
}

bool SearchPlugin::refresh() {
  return impl_->refresh();
}
std::shared_ptr<const Serving> SearchPlugin::acquire() const {
  return impl_->acquire();
}

Answer SearchPlugin::answer(const Request& request) const {
  const std::shared_ptr<const Serving> serving = acquire();
  const index::Snapshot& snapshot = *serving->snapshot;
  if (!request.snapshot.empty() && request.snapshot != snapshot.id()) {
    throw Error(ErrorKind::kBadInput,
                "the request asks for snapshot " + request.snapshot + ", but " + snapshot.id() + " serves",
                {}, "send the request again without a snapshot");
  }
  // The session: what came with the request, else the user's newest one. A request that names a user may say
  // $ctx without sending one; a user that the store does not know has an empty session, and popularity
  // decides.
  std::optional<std::vector<index::Event>> session;
  if (request.has_ctx) {
    session = request.ctx;
  } else if (!request.user.empty()) {
    session = snapshot.session_of(request.user).value_or(std::vector<index::Event>());
  }

  Answer answer;
  answer.snapshot = snapshot.id();
  query::SearchResult result;
  if (request.suggest) {
    query::SuggestRequest wanted;
    wanted.typed = *request.suggest;
    if (session) wanted.session = *session;
    wanted.size = request.search.size;
    wanted.offset = request.search.offset;
    wanted.kind = request.search.kind;
    wanted.filter = request.search.filter;
    wanted.params = request.search.params;
    wanted.moment = {request.context, request.time};
    result = serving->engine->suggest(wanted);
  } else {
    query::SearchRequest search = request.search;
    search.moment = {request.context, request.time};
    if (session) search.params.try_emplace("ctx", *session);
    if (const auto bound = search.params.find("ctx"); bound != search.params.end()) {
      search.session = std::get_if<std::vector<index::Event>>(&bound->second);
    }
    result = serving->engine->search(search);
  }

  answer.suggestion = result.suggestions;
  answer.ok = result.ok;
  answer.total = result.total;
  answer.total_exact = result.total_exact;
  answer.partial = result.partial;
  answer.facets = std::move(result.facets);
  answer.diagnostics = std::move(result.diagnostics);
  for (const std::string& warning : request.warnings) {
    answer.diagnostics.push_back({query::syntax::Diagnostic::Severity::kWarning, {}, warning, "", "request"});
  }
  answer.skipped = result.skipped;
  const auto name = [&](index::ItemId item) {
    if (item == index::kNoItem) return;
    answer.names.try_emplace(item, snapshot.catalogue().id(item), snapshot.catalogue().title(item));
  };
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const index::Item item = snapshot.catalogue().item(result.hits[i].item);
    if (result.hits[i].explanation) {
      for (const query::LegExplanation& leg : result.hits[i].explanation->legs) {
        for (const query::EventShare& event : leg.events) name(event.item);
        for (const query::Neighbour& neighbour : leg.neighbours) name(neighbour.item);
        for (const query::ModelShare& share : leg.models) {
          for (const query::Cause& cause : share.because) name(cause.item);
        }
      }
    }
    answer.hits.push_back({item.id, item.kind, i < result.texts.size() ? result.texts[i] : item.title,
                           std::move(result.hits[i]), fields_of(item, request.fields)});
  }
  return answer;
}

}  // namespace segue::plugin
