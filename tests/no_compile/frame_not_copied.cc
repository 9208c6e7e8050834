#include "shard/frame.h"
parley::FrameRef hold(const parley::FrameRef& frame) {
#ifdef SHOULD_NOT_COMPILE
    return frame;
#else
    return frame.share();
#endif
}
