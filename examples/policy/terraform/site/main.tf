# The machines of a site and the address in front of them. A company's own providers make them; here their place is
# taken by what every Terraform has.
terraform {
  backend "local" {}
}

variable "name" {
  type = string
}

variable "size" {
  type = number
}

variable "network" {
  type = string
}

resource "terraform_data" "host" {
  count = var.size
  input = { name = "${var.name}-${count.index + 1}", address = cidrhost(var.network, 11 + count.index) }
}

output "hosts" {
  value = [for host in terraform_data.host : host.output]
}

output "address" {
  value = cidrhost(var.network, 10)
}
