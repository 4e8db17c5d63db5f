#include "index/input/sequences.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::uint32_t kSeveral = NameTable::kNone - 1;

}  // namespace

std::uint32_t NameTable::add(std::string_view name) {
  if (name.empty()) return kNone;
  if (last_ < names_.size() && *names_[last_] == name) return last_;  // rows of a session mostly stand together
  const auto [found, added] =
      numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(&found->first);
  return last_ = found->second;
}

std::vector<std::string> NameTable::list() const {
  std::vector<std::string> out;
  out.reserve(names_.size());
  for (const std::string* name : names_) out.push_back(*name);
  return out;
}

void SequenceBuilder::add(const Event& event) {
  const Row row{event.time.value_or(std::numeric_limits<double>::quiet_NaN()), sessions_.add(event.session),
                users_.add(event.user)};
  rows_.push_back(row);
  session_users_.resize(sessions_.size(), NameTable::kNone);
  if (row.session == NameTable::kNone || row.user == NameTable::kNone) return;
  std::uint32_t& user = session_users_[row.session];
  if (user == NameTable::kNone) user = row.user;
  if (user != row.user) user = kSeveral;
}

/// The group of each row; fills groups_.
std::vector<std::uint32_t> SequenceBuilder::assign_groups() {
  std::vector<std::uint32_t> of_session(sessions_.size(), NameTable::kNone);
  std::vector<std::uint32_t> of_user(users_.size(), NameTable::kNone);
  std::unordered_map<std::uint64_t, std::uint32_t> of_both;  // of divided sessions
  std::vector<std::uint32_t> groups;
  groups.reserve(rows_.size());
  for (const Row& row : rows_) {
    const bool named = row.session != NameTable::kNone;
    const std::uint32_t owner = named ? session_users_[row.session] : row.user;
    const bool divided = owner == kSeveral;
    const std::uint32_t user = divided ? row.user : owner;
    const bool is_history = user != NameTable::kNone && (!named || options_.whole_users);
    std::uint32_t* group = is_history ? &of_user[user] : &of_session[row.session];
    if (divided && !is_history) {
      const std::uint64_t both = std::uint64_t{row.session} << 32 | user;
      group = &of_both.try_emplace(both, NameTable::kNone).first->second;
    }
    if (*group == NameTable::kNone) {
      *group = static_cast<std::uint32_t>(groups_.size());
      groups_.push_back({is_history ? NameTable::kNone : row.session, user, is_history});
    }
    ++groups_[*group].rows;
    if (std::isnan(row.time)) groups_[*group].timed = false;
    groups.push_back(*group);
  }
  return groups;
}

std::string SequenceBuilder::key(const Group& group, std::size_t piece) const {
  if (!group.is_history) return sessions_[group.session];
  const bool cut = !options_.whole_users && group.timed && std::isfinite(options_.gap);
  return cut ? users_[group.user] + "#" + std::to_string(piece) : users_[group.user];
}

/// Sorts a group's rows, which begin at `begin`, and appends its sequences.
void SequenceBuilder::cut(const Group& group, std::size_t begin, Result& result) const {
  const auto first = result.rows.begin() + static_cast<std::ptrdiff_t>(begin);
  const std::size_t end = begin + group.rows;
  if (group.timed) {
    std::stable_sort(first, first + static_cast<std::ptrdiff_t>(group.rows),
                     [this](std::uint32_t a, std::uint32_t b) { return rows_[a].time < rows_[b].time; });
  } else {
    ++result.untimed_groups;
  }
  std::size_t piece = 1;
  std::size_t start = begin;
  for (std::size_t i = begin + 1; i <= end; ++i) {
    const bool ends =
        i == end || (group.is_history && group.timed && !options_.whole_users &&
                     rows_[result.rows[i]].time - rows_[result.rows[i - 1]].time > options_.gap);
    if (!ends) continue;
    result.sequences.push_back({start, i, group.user, key(group, piece++)});
    start = i;
  }
}

/// By the time of the first event (those without a time last), then by key, then by user.
void SequenceBuilder::sort_sequences(Result& result) const {
  const auto time = [&](const Sequence& sequence) {
    const double first = rows_[result.rows[sequence.begin]].time;
    return std::isnan(first) ? std::numeric_limits<double>::infinity() : first;
  };
  const auto user = [&](const Sequence& sequence) {
    return sequence.user == NameTable::kNone ? std::string_view() : std::string_view(users_[sequence.user]);
  };
  std::sort(result.sequences.begin(), result.sequences.end(), [&](const Sequence& a, const Sequence& b) {
    const double time_a = time(a);
    const double time_b = time(b);
    if (time_a != time_b) return time_a < time_b;
    if (a.key != b.key) return a.key < b.key;
    const std::string_view user_a = user(a);
    const std::string_view user_b = user(b);
    return user_a != user_b ? user_a < user_b : a.begin < b.begin;
  });
  std::vector<std::uint32_t> rows;
  rows.reserve(result.rows.size());
  for (Sequence& sequence : result.sequences) {
    const std::size_t begin = rows.size();
    rows.insert(rows.end(), result.rows.begin() + static_cast<std::ptrdiff_t>(sequence.begin),
                result.rows.begin() + static_cast<std::ptrdiff_t>(sequence.end));
    sequence.begin = begin;
    sequence.end = rows.size();
  }
  result.rows = std::move(rows);
}

SequenceBuilder::Result SequenceBuilder::finish() && {
  if (rows_.size() >= kSeveral) {
    throw Error(ErrorKind::kResource, "the log has more than 4294967293 events", {}, "reindex a part of it");
  }
  Result result;
  result.divided_sessions =
      static_cast<std::size_t>(std::count(session_users_.begin(), session_users_.end(), kSeveral));
  const std::vector<std::uint32_t> group_of = assign_groups();

  // Rows by group, in the order of the file within each (a counting sort).
  std::vector<std::size_t> next(groups_.size() + 1, 0);
  for (std::size_t g = 0; g < groups_.size(); ++g) next[g + 1] = next[g] + groups_[g].rows;
  const std::vector<std::size_t> begins = next;
  result.rows.resize(rows_.size());
  for (std::uint32_t row = 0; row < rows_.size(); ++row) result.rows[next[group_of[row]]++] = row;

  for (std::size_t g = 0; g < groups_.size(); ++g) cut(groups_[g], begins[g], result);
  sort_sequences(result);
  result.users = users_.list();
  return result;
}

}  // namespace segue::index
