"""seed_nova.py CONFIG: servers without a hypervisor, written through nova.objects; Nova's API then lists them."""

import os
import sys
import uuid
import warnings

warnings.simplefilter("ignore")
os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
import openstack  # noqa: E402
from nova import config, context, objects  # noqa: E402

config.parse_args(["nova", "--config-file", sys.argv[1]])
objects.register_all()
from nova.network import model  # noqa: E402

FLAVOR = dict(name="tiny", memory_mb=512, vcpus=1, root_gb=1, ephemeral_gb=0, flavorid="1", swap=0, rxtx_factor=1.0)
identity = openstack.connect().identity
admin = context.get_admin_context()
cell = next(mapping for mapping in objects.CellMappingList.get_all(admin) if not mapping.is_cell0())
if not objects.FlavorList.get_all(admin):
    objects.Flavor(admin, **FLAVOR, vcpu_weight=0, disabled=False, is_public=True, extra_specs={}).create()
flavor = objects.FlavorList.get_all(admin)[0]


def interface(network, address, number):
    subnet = model.Subnet(cidr="10.30.0.0/16", ips=[model.FixedIP(address=address, version=4, type="fixed")], version=4)
    place = model.Network(id=str(uuid.uuid4()), bridge="", label=network, subnets=[subnet])
    return model.VIF(id=str(uuid.uuid4()), address=f"fa:16:3e:00:00:{number:02x}", network=place, type="unbound", active=True)


def create(owner, project, user, team, name, address, number):
    identifier = str(uuid.uuid4())
    objects.InstanceMapping(
        admin, instance_uuid=identifier, cell_mapping=cell, project_id=project, user_id=user, queued_for_delete=False
    ).create()
    server = objects.Instance(
        owner, uuid=identifier, display_name=name, hostname=name, display_description="", project_id=project, user_id=user,
        host="fake", node="fake", launched_on="fake", compute_id=None, image_ref="", vm_state="active", power_state=1,
        task_state=None, memory_mb=512, vcpus=1, root_gb=1, ephemeral_gb=0, instance_type_id=flavor.id, flavor=flavor,
        old_flavor=None, new_flavor=None, system_metadata={"image_disk_format": "raw"}, access_ip_v4=None, locked=False,
        config_drive="", key_name=None, availability_zone="nova", reservation_id="r-1", root_device_name="/dev/vda",
        user_data=None, metadata={"binnacle.service": "web", "binnacle.port": "8080", "binnacle.team": team},
    )  # fmt: skip
    ports = model.NetworkInfo([interface(f"net-{team}", address, number)])
    server.info_cache = objects.InstanceInfoCache(owner, instance_uuid=identifier, network_info=ports)
    server.create()
    server.info_cache = objects.InstanceInfoCache(owner, instance_uuid=identifier, network_info=ports)
    server.info_cache.save()


for index, team in enumerate(("team-blue", "team-green"), 1):
    project = identity.find_project(team).id
    user = identity.find_user(f"{team}-user").id
    request = context.RequestContext(user_id=user, project_id=project, is_admin=True)
    with context.target_cell(request, cell) as owner:
        if objects.InstanceList.get_by_filters(owner, {"project_id": project, "deleted": False}):
            continue
        for number in (11, 12):
            create(owner, project, user, team, f"web{number}", f"10.30.{index}.{number}", 16 * index + number)
