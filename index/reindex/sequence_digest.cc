#include "index/reindex/sequence_digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>
#include <unordered_map>

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

/// Whose events a sequence holds: the user of a history, which may be cut into "user#1", "user#2" and so on
/// in another log; else the session.
std::string_view owner_of(const EventLog& log, const Sequence& sequence) {
  if (sequence.user == LogEvent::kNone) return sequence.key;
  const std::string& user = log.users[sequence.user];
  const std::string_view key = sequence.key;
  if (!key.starts_with(user)) return key;
  const std::string_view rest = key.substr(user.size());
  const bool piece =
      rest.size() > 1 && rest[0] == '#' && rest.find_first_not_of("0123456789", 1) == rest.npos;
  return rest.empty() || piece ? std::string_view(user) : key;
}

std::string_view time_text(double time, std::array<char, 32>& buffer) {
  if (std::isnan(time)) return {};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), time).ptr};
}

Fnv1a hash_of(std::string_view owner, double time, std::string_view item) {
  Fnv1a hash;
  std::array<char, 32> buffer{};
  for (const std::string_view part : {owner, kNul, time_text(time, buffer), kNul, item, kNul}) hash.add(part);
  return hash;
}

}  // namespace

std::int64_t event_digest(std::string_view owner, double time, std::string_view item) {
  Fnv1a hash = hash_of(owner, time, item);
  hash.add("0");
  return hash.value();
}

std::vector<std::int64_t> event_digests(const EventLog& log, const Sequence& sequence,
                                        const Catalogue& catalogue) {
  const std::string_view owner = owner_of(log, sequence);
  std::unordered_map<std::int64_t, std::size_t> earlier;  // events that are the same but for their number
  std::vector<std::int64_t> digests;
  for (std::size_t e = sequence.begin; e < sequence.end; ++e) {
    const LogEvent& event = log.events[e];
    if (event.item == kNoItem) continue;
    Fnv1a hash = hash_of(owner, event.time, catalogue.id(event.item));
    hash.add(std::to_string(earlier[hash.value()]++));
    digests.push_back(hash.value());
  }
  return digests;
}

TrainedSequences TrainedSequences::of(const EventLog& log, const Catalogue& catalogue) {
  auto digests = std::make_shared<std::vector<std::int64_t>>();
  digests->reserve(log.events.size());
  for (const Sequence& sequence : log.sequences) {
    const std::vector<std::int64_t> own = event_digests(log, sequence, catalogue);
    digests->insert(digests->end(), own.begin(), own.end());
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
