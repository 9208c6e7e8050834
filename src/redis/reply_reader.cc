#include "redis/reply_reader.h"

#include <algorithm>
#include <hiredis/read.h>
#include <string_view>

#include "redis/limits.h"

namespace parley::redis {
namespace {

// The head of a text or an array: a mark, at most 20 digits, the end of the line.
constexpr std::size_t head_max = 32;

}  // namespace

// What hiredis calls for each part of an answer. A null pointer makes it give up. The outermost
// Reply is on the heap; every other one is its parent's element.
struct ReplyMaker {
    static Reply* place(const redisReadTask* task) {
        if (task->parent == nullptr) return std::make_unique<Reply>().release();
        auto* parent = static_cast<Reply*>(task->parent->obj);
        return &parent->elements[static_cast<std::size_t>(task->idx)];
    }
    static void* text(const redisReadTask* task, char* bytes, std::size_t size) {
        Reply* reply = place(task);
        reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                      : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                         : Reply::Kind::text;
        reply->text.assign(bytes, size);
        return reply;
    }
    static void* array(const redisReadTask* task, int size) {
        auto& reader = *static_cast<ReplyReader*>(task->privdata);
        const auto count = static_cast<std::size_t>(size);
        if (size < 0 || count > reply_elements_max - reader.elements_) return nullptr;
        reader.elements_ += count;
        Reply* reply = place(task);
        reply->kind = Reply::Kind::array;
        reply->elements.resize(count);
        return reply;
    }
    static void* integer(const redisReadTask* task, long long value) {
        Reply* reply = place(task);
        reply->kind = Reply::Kind::integer;
        reply->integer = value;
        return reply;
    }
    static void* nothing(const redisReadTask* task) { return place(task); }
    static void free(void* reply) { const std::unique_ptr<Reply> gone{static_cast<Reply*>(reply)}; }
};

namespace {

redisReplyObjectFunctions makers{ReplyMaker::text, ReplyMaker::array, ReplyMaker::integer,
                                 ReplyMaker::nothing, ReplyMaker::free};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const noexcept {
    redisReaderFree(reader);
}

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&makers)) {
    PARLEY_ASSERT(reader_ != nullptr);  // out of memory
    reader_->privdata = this;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::span<const std::byte> bytes) {
    if (broken_) return;
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    broken_ = redisReaderFeed(reader_.get(), text, bytes.size()) != REDIS_OK;
}

std::optional<Reply> ReplyReader::next() {
    if (broken_) return {};
    void* made = nullptr;
    if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
        broken_ = true;
        return {};
    }
    if (made == nullptr) {
        broken_ = is_too_long();
        return {};
    }
    elements_ = 0;
    const std::unique_ptr<Reply> reply{static_cast<Reply*>(made)};
    return std::move(*reply);
}

// hiredis looks for the end of an unfinished line from its beginning whenever more comes: without a
// bound a Redis could make that work grow with the square of what it sends.
bool ReplyReader::is_too_long() const noexcept {
    const std::string_view left{reader_->buf + reader_->pos, reader_->len - reader_->pos};
    if (left.size() > reply_bytes_max) return true;
    if (left.size() <= head_max || reader_->ridx < 0) return false;
    const int type = reader_->rstack[reader_->ridx].type;
    const bool has_head = type == REDIS_REPLY_STRING || type == REDIS_REPLY_ARRAY;
    if (has_head) return left.substr(0, head_max).find("\r\n") == std::string_view::npos;
    return left.size() > reply_line_max;
}

}  // namespace parley::redis
