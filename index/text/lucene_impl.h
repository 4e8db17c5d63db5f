#pragma once

// All of Lucene++ that is used, in an order in which its headers compile: LuceneHeaders.h goes first.
// Lucene++ is compiled into few files, each of which costs seconds.
// clang-format off
#include <lucene++/LuceneHeaders.h>

#include <lucene++/ConstantScoreQuery.h>
#include <lucene++/MMapDirectory.h>
#include <lucene++/NoLockFactory.h>
#include <lucene++/NumericRangeFilter.h>
#include <lucene++/PositionIncrementAttribute.h>
#include <lucene++/SerialMergeScheduler.h>
#include <lucene++/Similarity.h>
#include <lucene++/TermAttribute.h>
#include <lucene++/TokenStream.h>
// clang-format on
