#include "index/reindex/sequence_digest.h"

#include <algorithm>
#include <bit>
#include <string>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// FNV-1a of 64 bits (Fowler, Noll, Vo), fed piece by piece.
class Fnv1a {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ ^= static_cast<unsigned char>(byte);
      state_ *= 0x100000001b3ull;
    }
  }
  std::int64_t value() const { return std::bit_cast<std::int64_t>(state_); }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ull;
};

constexpr std::string_view kNul("\0", 1);

}  // namespace

std::int64_t sequence_digest(std::string_view key, std::size_t item_events, std::string_view item_id) {
  Fnv1a hash;
  hash.add(key);
  hash.add(kNul);
  hash.add(std::to_string(item_events));
  hash.add(kNul);
  hash.add(item_id);
  return hash.value();
}

TrainedSequences TrainedSequences::of(const EventLog& log, const Catalogue& catalogue) {
  auto digests = std::make_shared<std::vector<std::int64_t>>();
  digests->reserve(log.events.size());
  for (const Sequence& sequence : log.sequences) {
    std::size_t count = 0;
    for (std::size_t e = sequence.begin; e < sequence.end; ++e) {
      if (const ItemId item = log.events[e].item; item != kNoItem)
        digests->push_back(sequence_digest(sequence.key, ++count, catalogue[item].id));
    }
  }
  std::sort(digests->begin(), digests->end());
  digests->erase(std::unique(digests->begin(), digests->end()), digests->end());
  TrainedSequences trained;
  trained.digests_ = *digests;
  trained.own_ = std::move(digests);
  return trained;
}

TrainedSequences TrainedSequences::open(const std::filesystem::path& file) {
  TrainedSequences trained;
  trained.file_ = Safetensors::open(file);
  trained.digests_ = trained.file_->i64("digests");
  if (trained.file_->shape("digests").size() != 1 ||
      !std::is_sorted(trained.digests_.begin(), trained.digests_.end()))
    throw Error(ErrorKind::kDamagedStore, "`digests` is not a rising list", file.string(),
                "build the snapshot again");
  return trained;
}

void TrainedSequences::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add("digests", {digests_.size()}, digests_);
  writer.write(file);
}

bool TrainedSequences::contains(std::int64_t digest) const {
  return std::binary_search(digests_.begin(), digests_.end(), digest);
}

}  // namespace segue::index
