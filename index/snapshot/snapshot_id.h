#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace segue::index {

/// A snapshot's id is its UTC time and the beginning of its content's hash: 20240131T120000Z-0123abcd. Ids
/// sort by time.
bool is_snapshot_id(std::string_view text);

/// content_hash: at least 8 hexadecimal digits, of which the first 8 are taken.
std::string make_snapshot_id(std::time_t time, std::string_view content_hash);

/// The time of an id. Throws std::invalid_argument for what is none.
std::time_t snapshot_time(std::string_view id);

/// "2024-01-31T12:00:00Z".
std::string iso_time(std::time_t time);

}  // namespace segue::index
