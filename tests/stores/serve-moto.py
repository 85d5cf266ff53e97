"""Runs moto so that it answers one request after the other, as the store does for one key: two that create one at once would both succeed now and then."""

import sys
import threading

from moto import server

lock = threading.Lock()
answer = server.DomainDispatcherApplication.__call__


def answer_alone(application, environment, start):
    with lock:
        return answer(application, environment, start)


server.DomainDispatcherApplication.__call__ = answer_alone
server.main(sys.argv[1:])
