from channels.layers import get_channel_layer
from django.http import HttpResponse
from django.urls import path


async def index(request):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "said", "text": "heard"})
    return HttpResponse((await layer.receive(channel))["text"])


urlpatterns = [path("", index)]
