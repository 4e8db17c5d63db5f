#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/blend.h"
#include "index/model/context_vocabulary.h"
#include "index/model/half_life.h"
#include "index/model/seen_rule.h"
#include "index/model/session_model.h"
#include "index/snapshot/manifest.h"
#include "index/suggestions/suggestion_table.h"
#include "index/text/text_index.h"
#include "index/vector/vector_index.h"
#include "kernels/backend.h"

namespace segue::index {

class SnapshotStore;

/// Everything of one published snapshot, opened: items, models, vectors, text, suggestions, sessions of
/// users. Immutable, thread-safe, shared by pointer: whoever asks it pins it. Parts of two snapshots never
/// meet, since ItemIds of one mean nothing in another.
class Snapshot {
 public:
  /// Verifies every checksum (unless told not to), then opens. The backend must outlive the snapshot. Throws
  /// Error (kDamagedStore) that names the file.
  static std::shared_ptr<const Snapshot> open(const SnapshotStore& store, const std::string& id,
                                              const kernels::Backend& backend, bool verify = true);
  ~Snapshot();

  const std::string& id() const;
  const Manifest& manifest() const;
  const Catalogue& catalogue() const;
  const TextIndex& text() const;
  const SuggestionTable& suggestions() const;

  /// A model by its name(), or "neighbours": the kind of neighbours that was best on validation; null when
  /// the snapshot does not have it.
  const SessionModel* model(std::string_view name) const;
  std::vector<std::string> model_names() const;
  /// The weights of each item's events in training, by ItemId; of a log without any, the items' prior
  /// weights.
  std::span<const float> item_events() const;
  /// The values of context that the models know; empty where they know none.
  const ContextVocabulary& contexts() const;
  /// The models' weighted sum; null when no model was trained.
  const Blend* blend() const;
  /// What validation found best to leave out of a session's own items.
  const SeenRule& seen() const;
  /// Vectors of a space: "transformer" and "mf" (learned from behaviour), "words" (what items say), "content"
  /// (Item::vector) and the kinds in Item::vectors; null when there are none.
  const VectorIndex* vectors(std::string_view space) const;
  std::vector<std::string> vector_spaces() const;
  /// Of popularity: the age at which an event counts half; nothing: events do not fade.
  const HalfLife& half_life() const;
  /// What an item loses of its popularity when it is just like one above it, where nothing is known of a
  /// session: a share, 0: nothing.
  double diversity() const;
  /// How much the words of a session weigh beside the blend.
  double words_weight() const;
  /// How much a session weighs in the ranking of suggestions.
  double session_weight() const;
  Bm25Parameters bm25() const;

  /// The newest session of a user, oldest event first; nothing for a user that the log did not have.
  std::optional<std::vector<Event>> session_of(std::string_view user) const;

 private:
  struct Impl;
  explicit Snapshot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
