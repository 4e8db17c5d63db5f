#pragma once

#include <memory>
#include <string>

#include "index/snapshot/snapshot.h"
#include "plugin/options.h"
#include "plugin/request.h"
#include "query/query_engine.h"

namespace segue::plugin {

/// A snapshot with what serves it. Immutable; whoever holds one keeps it alive.
struct Serving {
  std::shared_ptr<const index::Snapshot> snapshot;
  std::unique_ptr<const query::QueryEngine> engine;
};

/// The way in: opens a store, answers searches and suggestions, follows new snapshots. Start here.
///
///     auto plugin = SearchPlugin::open({.store = "shop.store"});
///     Answer answer = plugin->answer(parse_request(R"({"query": "lamp {!session ctx=$ctx}", ...})",
///     "request"));
///
/// Thread-safe: any number of threads may ask while another refreshes. A request pins one snapshot from
/// beginning to end; a swap never fails or delays one that is under way. Errors: text of users becomes
/// diagnostics of the answer; a store that is damaged or missing throws Error from open() and refresh(), and
/// the old snapshot goes on serving.
class SearchPlugin {
 public:
  /// Opens, verifies and warms the current snapshot. Throws Error: kBadInput (no store there, nothing
  /// published), kDamagedStore, kResource.
  static std::unique_ptr<SearchPlugin> open(const Options& options);
  ~SearchPlugin();
  SearchPlugin(const SearchPlugin&) = delete;
  SearchPlugin& operator=(const SearchPlugin&) = delete;

  /// A search or a suggestion. Throws Error (kBadInput) only for a request that names a snapshot other than
  /// the one that serves; the message names both.
  Answer answer(const Request& request) const;

  /// Serves the store's current snapshot if it is another; returns whether it swapped.
  bool refresh();

  /// What serves now; for callers that ask several things of one snapshot.
  std::shared_ptr<const Serving> acquire() const;

 private:
  struct Impl;
  explicit SearchPlugin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::plugin
