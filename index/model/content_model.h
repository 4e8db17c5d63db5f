#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/content_space.h"
#include "index/model/row_moments.h"
#include "index/model/session_model.h"
#include "index/vector/vector_index.h"
#include "kernels/backend.h"

namespace segue::index {

/// Content as a session model: an item's score is the cosine of its content vector with the session's
/// profile,
///   unit(sum over the newest items of k^-recency c(i_k)  +  sum over the newest typed texts of k^-recency
///   c(text_k))
/// with k = 1 for the newest of each. It needs no event on an item, and knows sessions of texts alone.
/// Immutable, thread-safe.
class ContentModel final : public SessionModel {
 public:
  /// vectors: an index by cosine over the space's item vectors (the snapshot's); null: a flat one is built.
  /// The space says something (not empty()). Throws Error (kDamagedStore) when they do not belong together.
  ContentModel(std::shared_ptr<const ContentSpace> space, std::shared_ptr<const VectorIndex> vectors,
               const Catalogue& catalogue, const kernels::Backend& backend);
  ~ContentModel() override;

  const ContentSpace& space() const noexcept { return *space_; }
  const VectorIndex& vectors() const noexcept { return *vectors_; }
  std::string_view name() const noexcept override { return "content"; }
  bool knows(ItemId item) const override { return space_->row(item) != ContentSpace::kNoRow; }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  struct Profile {
    std::vector<float> unit;        // [width]; empty when nothing in the session has a content vector
    std::vector<ScoredItem> parts;  // the session's items, newest first, with their weights in it
  };
  Profile profile(const SessionView& session) const;

  std::shared_ptr<const ContentSpace> space_;
  std::shared_ptr<const VectorIndex> vectors_;
  std::array<RowMoments, 2> groups_;  // by ItemGroup
};

}  // namespace segue::index
