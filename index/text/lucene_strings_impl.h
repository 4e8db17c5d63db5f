#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "index/text/lucene_impl.h"
#include "kernels/error.h"

namespace segue::index {

/// UTF-8 to Lucene++'s wide strings. Bytes that are not UTF-8, and U+FFFF, which ends a term inside Lucene++,
/// become U+FFFD; without this Lucene++ would drop or cut the text silently.
Lucene::String to_wide(std::string_view text);
/// to_wide() of an exact value, cut to kLongestExactValue characters: Lucene++ drops terms of 16,383 and
/// more.
Lucene::String to_wide_value(std::string_view text);
std::string to_utf8(const Lucene::String& text);

/// Calls body and turns what Lucene++ and its file layer throw into Error of the given kind. `what` is a
/// clause such as "cannot read the text index".
template <class Body>
auto translated(ErrorKind kind, std::string_view what, std::string_view where, std::string_view mend,
                Body&& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::logic_error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const Lucene::LuceneException& error) {
    throw Error(kind, std::string(what) + ": " + to_utf8(error.getError()), where, mend);
  } catch (const std::exception& error) {
    throw Error(kind, std::string(what) + ": " + error.what(), where, mend);
  }
}

}  // namespace segue::index
