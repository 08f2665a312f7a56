"""Serves static files, also while a deploy changes them under the running process."""

import re
from typing import Any

from django.http import HttpRequest
from servestatic.middleware import ServeStaticMiddleware
from servestatic.utils import run_async_in_thread

# As ManifestStaticFilesStorage makes them: chat/main.0123456789ab.js
HASHED = re.compile(r"\.[0-9a-f]{12}(?:\.[^./]+)?$")


class StaticFilesMiddleware(ServeStaticMiddleware):
    """The table made at the start knows the hashed names of one build, and sizes as they were.

    A page of an earlier or a later build asks for its own names: what is there is served. And a
    file without a hash in its name may have changed: it is looked at anew.
    """

    async def __call__(self, request: HttpRequest) -> Any:
        path = request.path_info
        hashed = HASHED.search(path) is not None
        if path.startswith(self.static_prefix) and hashed != (path in self.files):
            # Not remembered: what is being collected may be half written.
            if found := await run_async_in_thread(self.find_file, path):
                return await self.aserve(found, request)
            return await self.get_response(request)
        return await super().__call__(request)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return HASHED.search(url) is not None
